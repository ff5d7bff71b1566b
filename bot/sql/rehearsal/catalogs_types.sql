-- Types that somebody made: not those of tables, and not the arrays and multiranges that come with others.
select case t.typtype when 'e' then 'enum' when 'c' then 'composite type' when 'd' then 'domain' when 'r' then 'range type'
           else 'type' end as kind,
       format('%I.%I', n.nspname, t.typname) as name,
       '' as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'extension', e.extname,
           'owner', pg_get_userbyid(t.typowner),
           'comment', coalesce(obj_description(t.oid, 'pg_type'), obj_description(c.oid, 'pg_class')),
           'values', (select string_agg(quote_literal(v.enumlabel), ', ' order by v.enumsortorder)
                      from pg_enum v where v.enumtypid = t.oid),
           'attributes', (select string_agg(concat_ws(' ', format('%I', a.attname), format_type(a.atttypid, a.atttypmod),
                                  case when a.attcollation <> b.typcollation
                                      then 'collate ' || a.attcollation::regcollation end), ', ' order by a.attnum)
                          from pg_attribute a join pg_type b on b.oid = a.atttypid
                          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
           'base type', case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end,
           'collation', case when t.typtype = 'd' and t.typcollation <> bt.typcollation
               then t.typcollation::regcollation::text end,
           'default', t.typdefault,
           'not null', case when t.typnotnull then 'yes' end,
           'range', (select concat_ws(', ', format_type(r.rngsubtype, null), r.rngmultitypid::regtype,
                         nullif(r.rngcollation, 0)::regcollation, r.rngcanonical, r.rngsubdiff)
                     from pg_range r where r.rngtypid = t.oid),
           'operator class', (select format('%I.%I', o.opcnamespace::regnamespace, o.opcname)
                              from pg_range r join pg_opclass o on o.oid = r.rngsubopc where r.rngtypid = t.oid),
           'input', case when t.typtype = 'b' then concat_ws(', ', t.typinput, t.typoutput, t.typlen, t.typbyval,
                         t.typalign, t.typstorage, t.typcategory, t.typispreferred) end,
           'defined', t.typisdefined::text
       )) as facts
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
left join pg_class c on c.oid = t.typrelid
left join pg_type bt on bt.oid = t.typbasetype
left join (pg_depend d join pg_extension e on e.oid = d.refobjid)
    on d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot')
  and (c.oid is null or c.relkind = 'c') and t.typtype in ('b', 'c', 'd', 'e', 'p', 'r')
  and not exists (select from pg_type a where a.typarray = t.oid);
