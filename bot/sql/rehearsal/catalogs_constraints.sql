-- Constraints of tables and domains, but NOT NULL (a fact of its column or domain). An index that belongs to one is told with it.
select 'constraint' as kind,
       format('%I', k.conname) as name,
       case when c.oid is not null
           then format('%s %I.%I', case c.relkind when 'f' then 'foreign table' else 'table' end, n.nspname, c.relname)
           else format('domain %I.%I', n.nspname, t.typname) end as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'definition', regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''),
           'validated', k.convalidated::text,
           'inherited', case when k.coninhcount > 0 then case when k.conislocal then 'and its own' else 'yes' end end,
           'part of', (select format('%I', p.conname) from pg_constraint p where p.oid = k.conparentid),
           'references', case when k.contype = 'f' then k.confrelid::regclass::text end,
           'columns', case when k.contype = 'f' then (
               select string_agg(format('%I', a.attname), ', ' order by x.at)
               from unnest(k.conkey) with ordinality x(number, at)
               join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.number) end,
           'comment', obj_description(k.oid, 'pg_constraint'),
           'triggers', (select string_agg(distinct g.tgenabled::text, '') from pg_trigger g
                        where g.tgconstraint = k.oid and g.tgisinternal and g.tgenabled <> 'O'),
           'tablespace of its index', (select spcname from pg_tablespace where oid = ic.reltablespace),
           'comment of its index', obj_description(ic.oid, 'pg_class'),
           'form of its index', case when ic.oid is not null
               then substring(pg_get_indexdef(ic.oid) from ' USING .*$') end,
           'valid', case when not i.indisvalid then 'no' end,
           'clustered', case when i.indisclustered then 'yes' end
       )) as facts
from pg_constraint k
join pg_namespace n on n.oid = k.connamespace
left join pg_class c on c.oid = k.conrelid
left join pg_type t on t.oid = k.contypid
left join pg_class ic on ic.oid = k.conindid and k.contype in ('p', 'u', 'x')
left join pg_index i on i.indexrelid = ic.oid
where k.contype in ('c', 'f', 'p', 'u', 'x')
  and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot');
