-- The schema that belongs to whoever owns the database; none where it belongs to somebody by name.
select format('alter schema %%I owner to %%I', nspname, %(role)s::text)
from pg_namespace where nspname = 'public' and nspowner = to_regrole('pg_database_owner');
