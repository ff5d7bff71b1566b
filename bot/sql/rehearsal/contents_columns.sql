-- The columns of a table; no row where there is none.
select format('%%I.%%I', n.nspname, c.relname), array_agg(format('%%I', a.attname) order by a.attnum) filter (where a.attname is not null)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.oid = to_regclass(%(name)s) and c.relkind in ('r', 'p', 'm', 'v', 'f')
group by 1;
