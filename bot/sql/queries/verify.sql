-- The check of the whole house.

-- name: all_streams
-- Every stream, for the check of the whole house.
select name, outstanding from streams order by name;

-- name: all_reservations
-- Every reservation, for the check of the whole house.
select stream, target from reservations order by stream, target;

-- name: events_without_stream
-- Streams that have events and no state, for the check of the whole house.
select distinct stream from events where not exists (select from streams where name = stream) order by stream;
