-- What a subscriber sees of a change, and a table that no longer outlives a crash.
-- ruling: differs
-- finds: changed table audit.events_early (replica identity), leaves by 024_fast.sql:1
-- finds: changed table items (persistence), leaves by 024_fast.sql:2
-- file: 024_fast.sql
alter table audit.events_early replica identity full;
alter table items set unlogged;
-- file: 024_rollback.sql
select 1;
