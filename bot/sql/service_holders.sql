-- Who holds these relations in a mode that conflicts with the one that is wanted of them, the longest first.
with wanted as (
    select to_regclass(name)::oid as oid, mode
    from unnest(%(names)s::text[], %(modes)s::integer[]) as t (name, mode)
), conflicts (held, with_from) as ( -- each mode conflicts with those from this one on (table 13.2), and three with some below
    values ('AccessShareLock', 8), ('RowShareLock', 7), ('RowExclusiveLock', 5), ('ShareUpdateExclusiveLock', 4),
           ('ShareLock', 6), ('ShareRowExclusiveLock', 3), ('ExclusiveLock', 2), ('AccessExclusiveLock', 1)
)
select distinct on (a.xact_start, a.pid) a.pid, coalesce(nullif(a.application_name, ''), a.usename, 'a session'), a.state,
       to_char(a.xact_start at time zone 'UTC', 'DD Mon HH24:MI "UTC"'), l.relation::regclass::text
from wanted
join pg_locks l on l.relation = wanted.oid and l.granted and l.pid <> pg_backend_pid()
     and l.database = (select oid from pg_database where datname = current_database())
join conflicts on conflicts.held = l.mode
     and (wanted.mode >= with_from or (l.mode = 'ShareLock' and wanted.mode in (3, 4)))
join pg_stat_activity a on a.pid = l.pid
order by a.xact_start nulls last, a.pid
limit 3;
