-- End one of these sessions, and wait up to 3 s until it is gone.
select pg_terminate_backend(pid, 3000)
from pg_stat_activity
where pid = %(pid)s and application_name = %(name)s;
