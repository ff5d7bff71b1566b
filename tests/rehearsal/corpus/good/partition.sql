-- A partition is cut in two, and put together again with its rows.
-- ruling: proven
-- file: 024_partition.sql
alter table audit.events detach partition audit.events_late;
create table audit.events_2026 partition of audit.events for values from ('2026-01-01') to ('2027-01-01');
create table audit.events_rest partition of audit.events for values from ('2027-01-01') to (maxvalue);
insert into audit.events select * from audit.events_late;
drop table audit.events_late;
-- file: 024_rollback.sql
create table audit.events_late (like audit.events including all);
insert into audit.events_late select * from audit.events where at >= '2026-01-01';
revoke all on audit.events_late from reader; -- given by default to tables that are made now
drop table audit.events_2026, audit.events_rest;
alter table audit.events attach partition audit.events_late for values from ('2026-01-01') to (maxvalue);
