-- Tables and views; a table's columns are named here in their order, their own facts stand in catalogs_columns.sql.
select case c.relkind when 'f' then 'foreign table' when 'v' then 'view' when 'm' then 'materialized view'
           else 'table' end as kind,
       format('%I.%I', n.nspname, c.relname) as name,
       '' as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'extension', e.extname,
           'owner', pg_get_userbyid(c.relowner),
           'comment', obj_description(c.oid, 'pg_class'),
           'persistence', case c.relpersistence when 'u' then 'unlogged' when 't' then 'temporary' else 'permanent' end,
           'row level security', nullif(concat_ws(', ', case when c.relrowsecurity then 'enabled' end,
                                                  case when c.relforcerowsecurity then 'forced' end), ''),
           'replica identity', case c.relreplident when 'f' then 'full' when 'n' then 'nothing'
               when 'i' then 'index ' || (select format('%I', ic.relname) from pg_index i
                   join pg_class ic on ic.oid = i.indexrelid where i.indrelid = c.oid and i.indisreplident) end,
           'options', (select string_agg(o, ', ' order by o) from unnest(c.reloptions) o),
           'toast options', (select string_agg(o, ', ' order by o) from pg_class t, unnest(t.reloptions) o
                             where t.oid = c.reltoastrelid),
           'access method', am.amname,
           'tablespace', ts.spcname,
           'of type', case when c.reloftype <> 0 then format_type(c.reloftype, null) end,
           'partitioned', case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end,
           'partition bound', pg_get_expr(c.relpartbound, c.oid),
           'parents', (select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)
                       from pg_inherits i where i.inhrelid = c.oid),
           'definition', case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
           'populated', case when c.relkind = 'm' then c.relispopulated::text end,
           'server', (select s.srvname from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver
                      where f.ftrelid = c.oid),
           'server options', (select string_agg(o, ', ' order by o) from pg_foreign_table f, unnest(f.ftoptions) o
                              where f.ftrelid = c.oid),
           'columns', (select string_agg(format('%I', a.attname), ', ' order by a.attnum) from pg_attribute a
                       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
       )) as facts
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_am am on am.oid = c.relam
left join pg_tablespace ts on ts.oid = c.reltablespace
left join (pg_depend d join pg_extension e on e.oid = d.refobjid)
    on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
where c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot');
