-- What is read of streams, their events and blobs.

-- name: read
-- What a decision looks at, as of one moment: states, holders of targets and theirs, the first reply to a key; and the
-- next number for a name, where one is wanted.
with held as (
  select target, stream from reservations where target = any(%(targets)s)
), wanted as (
  select unnest(%(streams)s::text[]) as name union select stream from held
)
select 'stream' as what, name as key, version, head, fold, state::text as value
  from streams join wanted using (name)
union all
select 'holder', target, null, null, null, stream from held
union all
select 'reply', key, null, null, null, reply::text
  from inbox where key = %(inbox)s
union all
select 'number', nextval('numbers')::text, null, null, null, null where %(number)s;

-- name: history
-- All events of a stream, oldest first.
select stream, version, data, actor, at, previous, hash
  from events where stream = %(stream)s order by version;

-- name: history_to
-- The events of streams, each up to a number, oldest first.
select events.stream, version, data, actor, at, previous, hash
  from json_to_recordset(%(wanted)s) as wanted (stream text, last integer)
  join events on events.stream = wanted.stream and events.version <= wanted.last
 order by events.stream, version;

-- name: audited
-- The streams that tell of a service in a period, each with the number of its last event before the end of it.
with begun as (
  select stream, max(at) >= %(since)s as moved, max(version) as last
    from events where at < %(until)s group by stream
)
select begun.stream, begun.last
  from begun join events as first on first.stream = begun.stream and first.version = 1
 where starts_with(begun.stream, 'release/' || %(service)s::text || '/')
    or starts_with(begun.stream, 'drill/' || %(service)s::text || '/')
    or starts_with(begun.stream, 'tenant/' || %(service)s::text || '/')
    or begun.stream = 'audit/' || %(service)s::text
    or starts_with(begun.stream, 'audit/' || %(service)s::text || '/')
    or (begun.moved and begun.stream ~ '^(run|finding|incident)/' and strpos(first.data, %(named)s) > 0)
 order by begun.stream;

-- name: tenants
-- What was ever recorded of tenants: the names of their streams, and the first events of runs that name one.
select stream, null from events where version = 1 and starts_with(stream, 'tenant/')
union all
select stream, data from events
 where version = 1 and starts_with(stream, 'run/') and strpos(data, '"parameters":{') > 0
   and strpos(data, '"tenant":') > 0;

-- name: latest
-- The streams that began last, of one prefix.
select name, fold, state::text
  from streams where starts_with(name, %(prefix)s) order by born desc limit %(limit)s;

-- name: outstanding
-- The streams of a room that still ask for somebody, or may, as an older release moved them; those that began last first.
select name, fold, state::text
  from streams
 where (outstanding or outstanding_at <> version) and split_part(name, '/', 1) = %(room)s
 order by born desc limit %(limit)s;

-- name: number
-- The next number for a name.
select nextval('numbers');

-- name: put
-- Keep a blob; the database checks its digest.
insert into blobs (digest, data) values (%(digest)s, %(data)s) on conflict (digest) do nothing;

-- name: get
-- A blob by its digest.
select data from blobs where digest = %(digest)s;
