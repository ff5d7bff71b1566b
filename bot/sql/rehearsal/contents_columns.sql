-- The columns of a table, and those of its primary key in its order; no row where there is no such table.
select format('%%I.%%I', n.nspname, c.relname),
       array_agg(format('%%I', a.attname) order by a.attnum) filter (where a.attname is not null),
       (select array_agg(format('%%I', k.attname) order by key.place)
        from pg_index i
        cross join unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality as key (number, place)
        join pg_attribute k on k.attrelid = i.indrelid and k.attnum = key.number
        where i.indrelid = c.oid and i.indisprimary)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.oid = to_regclass(%(name)s) and c.relkind in ('r', 'p', 'm', 'v', 'f')
group by c.oid, n.nspname, c.relname;
