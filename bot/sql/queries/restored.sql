-- A dump that is restored beside everything.

-- name: restorer
-- Who restores a dump, in a server of its own: a dump is somebody else's program, so no superuser.
create role restorer login nosuperuser nocreatedb nocreaterole;

-- name: room_to_restore
-- An empty database of theirs.
create database restored owner restorer;

-- name: contents
-- What stands here: streams by room, and the events.
select json_object_agg(room, streams), (select count(*) from events), (select max(at) from events)
  from (select split_part(name, '/', 1) as room, count(*) as streams from streams group by 1 order by 1) as kept;
