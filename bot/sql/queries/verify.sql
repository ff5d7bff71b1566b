-- The check of the whole house.

-- name: all_streams
-- Every stream, and what was last said of whether it is outstanding; null where an older release moved it since.
select name, case when outstanding_at = version then outstanding end from streams order by name;

-- name: all_reservations
-- Every reservation, for the check of the whole house.
select stream, target from reservations order by stream, target;

-- name: events_without_stream
-- Streams that have events and no state, for the check of the whole house.
select distinct stream from events where not exists (select from streams where name = stream) order by stream;
