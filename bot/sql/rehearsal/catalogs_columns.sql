-- Columns. NOT NULL is told here, also its name and state where the server keeps it as a constraint (from 18 on).
select 'column' as kind,
       format('%I', a.attname) as name,
       format('%s %I.%I', case c.relkind when 'f' then 'foreign table' when 'v' then 'view'
                  when 'm' then 'materialized view' else 'table' end, n.nspname, c.relname) as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'extension', e.extname,
           'type', format_type(a.atttypid, a.atttypmod),
           'collation', case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
           'not null', case when a.attnotnull then concat_ws(', ', 'yes',
                            case when not k.convalidated then 'not valid' end,
                            case when k.connoinherit then 'no inherit' end) end,
           'name of not null', quote_ident(k.conname),
           'comment of not null', obj_description(k.oid, 'pg_constraint'),
           'default', case when a.attgenerated = '' then pg_get_expr(f.adbin, f.adrelid) end,
           'generated', case when a.attgenerated <> '' then
               case a.attgenerated when 's' then 'stored: ' else 'virtual: ' end || pg_get_expr(f.adbin, f.adrelid) end,
           'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
           'storage', case when a.attstorage <> t.typstorage then a.attstorage::text end,
           'compression', case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end,
           'statistics target', nullif(a.attstattarget, -1)::text,
           'options', (select string_agg(o, ', ' order by o) from unnest(a.attoptions) o),
           'server options', (select string_agg(o, ', ' order by o) from unnest(a.attfdwoptions) o),
           'inherited', case when a.attinhcount > 0 then case when a.attislocal then 'and its own' else 'yes' end end,
           'comment', col_description(c.oid, a.attnum)
       )) as facts
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_type t on t.oid = a.atttypid
left join pg_attrdef f on f.adrelid = c.oid and f.adnum = a.attnum
left join pg_constraint k on k.contype = 'n' and k.conrelid = c.oid and k.conkey = array[a.attnum]
left join (pg_depend d join pg_extension e on e.oid = d.refobjid)
    on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f', 'v', 'm')
  and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot');
