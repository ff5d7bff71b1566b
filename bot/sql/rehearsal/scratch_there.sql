-- Scratch databases of this role: whether somebody is connected, and what was written down of them.
select datname, exists (select from pg_stat_activity a where a.datid = d.oid) as used,
       coalesce(shobj_description(d.oid, 'pg_database'), '') as note,
       extract(epoch from clock_timestamp())::bigint as now
from pg_database d
where starts_with(datname, 'opsbot_rehearsal_') and datdba = (select oid from pg_roles where rolname = current_user)
order by datname;
