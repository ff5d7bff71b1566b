-- Which server this is, and what the connected role may do there.
select current_setting('server_version_num')::int / 10000 as major, current_setting('server_version') as version,
       extract(epoch from pg_postmaster_start_time())::text as started,
       rolname, rolsuper or rolcreatedb as may_make_databases, rolsuper or rolcreaterole as may_make_roles, rolsuper,
       pg_is_in_recovery() as is_standby
from pg_roles where rolname = current_user;
