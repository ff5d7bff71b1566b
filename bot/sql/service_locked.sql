-- Whether this session holds the lock, and who else does.
select coalesce(bool_or(l.pid = pg_backend_pid()), false) as mine,
       string_agg(a.application_name, ', ') filter (where l.pid <> pg_backend_pid()) as others
from pg_locks l left join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.classid = 1330664258 and l.objid = 1 and l.granted
  and l.database = (select oid from pg_database where datname = current_database());
