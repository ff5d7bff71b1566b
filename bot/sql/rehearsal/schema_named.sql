-- The table of that name: its name in full, and what it is; no row where there is none.
select c.oid, format('%%I.%%I', n.nspname, c.relname), c.relkind::text,
       n.nspname in ('pg_catalog', 'information_schema', 'pg_toast') as of_the_server
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.oid = to_regclass(%(name)s);
