-- Indexes that belong to no constraint, also those that are not valid.
select 'index' as kind,
       format('%I.%I', n.nspname, ic.relname) as name,
       format('%s %s', case c.relkind when 'm' then 'materialized view' else 'table' end,
              format('%I.%I', cn.nspname, c.relname)) as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'definition', replace(pg_get_indexdef(ic.oid), format(' INDEX %I ON ', ic.relname), ' INDEX ON '),
           'valid', case when i.indisvalid and i.indisready and i.indislive then 'yes' else 'no' end,
           'clustered', case when i.indisclustered then 'yes' end,
           'part of', (select p.inhparent::regclass::text from pg_inherits p where p.inhrelid = ic.oid),
           'tablespace', ts.spcname,
           'statistics targets', (select string_agg(a.attnum || ': ' || a.attstattarget, ', ' order by a.attnum)
                                  from pg_attribute a where a.attrelid = ic.oid and a.attstattarget >= 0),
           'comment', obj_description(ic.oid, 'pg_class')
       )) as facts
from pg_index i
join pg_class ic on ic.oid = i.indexrelid
join pg_namespace n on n.oid = ic.relnamespace
join pg_class c on c.oid = i.indrelid and c.relkind in ('r', 'p', 'm')
join pg_namespace cn on cn.oid = c.relnamespace
left join pg_tablespace ts on ts.oid = ic.reltablespace
where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot')
  and not exists (select from pg_constraint k where k.conindid = ic.oid and k.contype in ('p', 'u', 'x'));
