-- Every statement that the bot runs on its own database, by name; the lines under a name say what it is for.
-- %(now)s is the caller's clock where one is injected; null is the database's own.

-- name: read
-- What a decision looks at, as of one moment: states, holders of targets, the first reply to a key.
select 'stream' as what, name as key, version, head, fold, state::text as value
  from streams where name = any(%(streams)s)
union all
select 'holder', target, null, null, null, stream
  from reservations where target = any(%(targets)s)
union all
select 'reply', key, null, null, null, reply::text
  from inbox where key = %(inbox)s;

-- name: history
-- All events of a stream, oldest first.
select stream, version, data, actor, at, previous, hash
  from events where stream = %(stream)s order by version;

-- name: audited
-- The streams that tell of a service in a period, each with the number of its last event before the end of it.
with begun as (
  select stream, max(at) >= %(since)s as moved, max(version) as last
    from events where at < %(until)s group by stream
)
select begun.stream, begun.last
  from begun join events as first on first.stream = begun.stream and first.version = 1
 where starts_with(begun.stream, 'release/' || %(service)s::text || '/')
    or starts_with(begun.stream, 'tenant/' || %(service)s::text || '/')
    or begun.stream = 'audit/' || %(service)s::text
    or starts_with(begun.stream, 'audit/' || %(service)s::text || '/')
    or (begun.moved and begun.stream ~ '^(run|finding|incident)/' and strpos(first.data, %(named)s) > 0)
 order by begun.stream;

-- name: history_to
-- The events of streams, each up to a number, oldest first.
select events.stream, version, data, actor, at, previous, hash
  from json_to_recordset(%(wanted)s) as wanted (stream text, last integer)
  join events on events.stream = wanted.stream and events.version <= wanted.last
 order by events.stream, version;

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
-- The streams of a room that still ask for somebody, those that began last first.
select name, fold, state::text
  from streams where outstanding and split_part(name, '/', 1) = %(room)s order by born desc limit %(limit)s;

-- name: number
-- The next number for a name.
select nextval('numbers');

-- name: begin
-- The transaction of a commit.
begin;

-- name: commit
-- The end of that transaction.
commit;

-- name: lock_name
-- Nobody else may begin this stream, nor count on its absence, until we are through.
select pg_advisory_xact_lock(hashtextextended(%(stream)s, 0));

-- name: share_name
-- Nobody may begin this stream until we are through.
select pg_advisory_xact_lock_shared(hashtextextended(%(stream)s, 0));

-- name: lock_stream
-- The version of a stream that we move; nobody else moves it until we are through.
select version from streams where name = %(stream)s for no key update;

-- name: share_stream
-- The version of a stream that we rely on; nobody moves it until we are through.
select version from streams where name = %(stream)s for share;

-- name: hold_lease
-- Whether a lease still counts; nobody claims, renews or revokes it until we are through.
select epoch = %(epoch)s and claimed_epoch = %(epoch)s
       and leased_until > coalesce(%(now)s::timestamptz, clock_timestamp())
  from work where kind = %(kind)s and key = %(key)s for update;

-- name: append
-- The new events, and the states they make. A version that stands already is a conflict, by events_pkey.
with told as (
  insert into events (stream, version, data, actor, at, previous, hash)
  select * from json_to_recordset(%(events)s)
    as event (stream text, version integer, data text, actor text, at timestamptz, previous text, hash text)
)
insert into streams (name, version, head, fold, state, outstanding)
select name, version, head, fold, state::json, outstanding
  from json_to_recordset(%(streams)s)
    as moved (name text, version integer, head text, fold integer, state text, outstanding boolean)
on conflict (name) do update
  set version = excluded.version, head = excluded.head, fold = excluded.fold, state = excluded.state,
      outstanding = excluded.outstanding;

-- name: release_targets
-- Let go of what the moved streams no longer hold.
delete from reservations as held
 where held.stream = any(%(moved)s)
   and not exists (
     select from json_to_recordset(%(wanted)s) as wanted (stream text, target text)
      where wanted.stream = held.stream and wanted.target = held.target
   );

-- name: take_targets
-- Hold what the moved streams want. A target that another stream holds is busy, by reservations_pkey.
insert into reservations (target, stream)
select target, stream
  from json_to_recordset(%(wanted)s) as wanted (stream text, target text)
 where not exists (
   select from reservations as held where held.stream = wanted.stream and held.target = wanted.target
 )
 order by target;

-- name: schedule
-- When work is due, and that it was woken; one notification where any of it is due now.
-- The caller says when by its own clock, which may be wrong: what counts is how long from now, never less than none.
with asked as (
  select kind, key, woken,
         case when at_once then coalesce(%(now)s::timestamptz, clock_timestamp())
              when due is null then null
              else coalesce(%(now)s::timestamptz, clock_timestamp()) + greatest(due - %(here)s, interval '0')
         end as due
    from json_to_recordset(%(work)s)
      as asked (kind text, key text, due timestamptz, at_once boolean, woken integer)
), scheduled as (
  insert into work as standing (kind, key, due, wakes)
  select kind, key, due, woken
    from asked
   where due is not null
      or exists (select from work where work.kind = asked.kind and work.key = asked.key)
   order by kind, key
  on conflict (kind, key) do update set due = excluded.due, wakes = standing.wakes + excluded.wakes
  returning due
)
select pg_notify('opsbot', '')
  from scheduled where due <= coalesce(%(now)s::timestamptz, clock_timestamp()) limit 1;

-- name: listen
-- Hear of work that is due now.
listen opsbot;

-- name: revoke
-- Void the leases on this work. Who holds one is left standing, until they let go or it lapses.
update work set epoch = nextval('epochs')
  from json_to_recordset(%(work)s) as voided (kind text, key text)
 where work.kind = voided.kind and work.key = voided.key;

-- name: remember
-- The reply to a request. A key that stands already is a duplicate, by inbox_pkey.
insert into inbox (key, reply, at)
values (%(key)s, %(reply)s::json, coalesce(%(now)s::timestamptz, clock_timestamp()));

-- name: was_recorded
-- Whether a commit whose answer was lost took place: by its first event, or else by its inbox key.
select case when %(stream)s::text is not null
            then exists (select from events
                          where stream = %(stream)s and version = %(version)s::integer and hash = %(hash)s::text)
            else exists (select from inbox where key = %(key)s::text) end;

-- name: claim
-- Lease the work that is due longest and that nobody holds, under the next epoch; of a prefix, where one is asked for.
with clock as materialized (
  select coalesce(%(now)s::timestamptz, clock_timestamp()) as now
), ready as materialized (
  select kind, key, due, leased_until is not null as lapsed
    from work
   where kind = any(%(kinds)s) and starts_with(key, %(prefix)s) and due <= (select now from clock)
     and (leased_until is null or leased_until <= (select now from clock))
   order by due
   limit 1
   for update skip locked
), drawn as materialized (
  select kind, key, due, lapsed, nextval('epochs') as epoch from ready
)
update work
   set epoch = drawn.epoch, claimed_epoch = drawn.epoch, leased_until = clock.now + %(lease)s
  from drawn, clock
 where work.kind = drawn.kind and work.key = drawn.key
returning work.kind, work.key, work.epoch, work.wakes, work.leased_until, drawn.lapsed, clock.now - drawn.due;

-- name: outrun
-- Draw epochs up to this one, so that all later ones are higher; at most so many. Answers the last that was drawn.
select max(nextval('epochs'))
  from generate_series(1, least(%(most)s, %(epoch)s - coalesce(pg_sequence_last_value('epochs'::regclass), 0)));

-- name: renew
-- Hold on to a lease that still counts.
with clock as materialized (
  select coalesce(%(now)s::timestamptz, clock_timestamp()) as now
)
update work set leased_until = clock.now + %(lease)s
  from clock
 where kind = %(kind)s and key = %(key)s and epoch = %(epoch)s and claimed_epoch = %(epoch)s
   and leased_until > clock.now
returning leased_until;

-- name: finish
-- Let go of a lease. Revoked: its due time is the revoker's. Woken meanwhile: due at once. Else due as told,
-- which counts from now by the clock of whoever tells it.
update work
   set leased_until = null,
       due = case when epoch <> %(epoch)s then due
                  when wakes <> %(wakes)s then coalesce(%(now)s::timestamptz, clock_timestamp())
                  when %(due)s::timestamptz is null then null
                  else coalesce(%(now)s::timestamptz, clock_timestamp())
                       + greatest(%(due)s::timestamptz - %(here)s, interval '0') end
 where kind = %(kind)s and key = %(key)s and claimed_epoch = %(epoch)s and leased_until is not null;

-- name: leased
-- Whether somebody's lease on it may still be running.
select exists (
  select from work
   where kind = %(kind)s and key = %(key)s
     and leased_until > coalesce(%(now)s::timestamptz, clock_timestamp())
);

-- name: put
-- Keep a blob; the database checks its digest.
insert into blobs (digest, data) values (%(digest)s, %(data)s) on conflict (digest) do nothing;

-- name: get
-- A blob by its digest.
select data from blobs where digest = %(digest)s;

-- name: messages_of
-- The messages that a stream has in Slack, or is about to have.
select key, channel, ts, thread_ts, body, posted_at, intended_at, refused
  from messages where stream = %(stream)s order by intended_at, key;

-- name: intend_message
-- Written before a post; once is enough.
insert into messages (key, stream, channel, thread_ts, body, intended_at)
values (%(key)s, %(stream)s, %(channel)s, %(thread_ts)s, %(body)s, coalesce(%(now)s::timestamptz, clock_timestamp()))
on conflict (key) do nothing;

-- name: message_posted
-- Slack has it, with this body; the time is that of the first post.
update messages
   set ts = %(ts)s, body = %(body)s, refused = '',
       posted_at = coalesce(posted_at, %(now)s::timestamptz, clock_timestamp())
 where key = %(key)s;

-- name: messages_lost
-- They do not stand in Slack any more.
update messages set ts = null, posted_at = null where key = any(%(keys)s);

-- name: message_refused
-- Slack would not take it.
update messages set refused = %(why)s where key = %(key)s;

-- name: all_streams
-- Every stream, for the check of the whole house.
select name, outstanding from streams order by name;

-- name: all_reservations
-- Every reservation, for the check of the whole house.
select stream, target from reservations order by stream, target;

-- name: events_without_stream
-- Streams that have events and no state, for the check of the whole house.
select distinct stream from events where not exists (select from streams where name = stream) order by stream;

-- name: create_ledger
-- Which migrations were applied, each with the digest of its text.
create table if not exists schema_migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp(),
  constraint schema_migrations_pkey primary key (number),
  constraint schema_migrations_number_positive check (number > 0)
);

-- name: ledger_stands
-- Whether any migration ever ran here.
select to_regclass('schema_migrations') is not null;

-- name: ledger
-- What was applied.
select number, name, checksum from schema_migrations order by number;

-- name: lock_ledger
-- One migrator at a time, until it disconnects.
select pg_advisory_lock(hashtextextended('opsbot schema_migrations', 0));

-- name: enter_in_ledger
-- A migration's row, in the transaction of the migration.
insert into schema_migrations (number, name, checksum) values (%(number)s, %(name)s, %(checksum)s);

-- name: privileges
-- What the connected role may do beyond its work.
select role.rolname,
       role.rolsuper,
       pg_has_role(role.oid, events.relowner, 'member'),
       has_any_column_privilege(role.oid, events.oid, 'update')
         or has_table_privilege(role.oid, events.oid, 'delete, truncate, trigger'),
       has_schema_privilege(role.oid, events.relnamespace, 'create')
  from pg_roles as role, pg_class as events
 where role.rolname = current_user and events.oid = 'events'::regclass;

-- name: login
-- Whether a role exists, and whether it is a superuser.
select rolsuper from pg_roles where rolname = %(name)s;

-- name: server
-- The server's version, as people know it.
select current_setting('server_version');

-- name: last_epoch
-- The last epoch that was drawn.
select coalesce(pg_sequence_last_value('epochs'::regclass), 0);

-- name: lacking
-- Which of these privileges the connected role does not have; those on what is not there count as lacking.
select kind, name, privilege, col
  from unnest(%(kind)s::text[], %(name)s::text[], %(privilege)s::text[], %(column)s::text[])
       as needed (kind, name, privilege, col)
 where not coalesce(
   case kind
     when 'schema' then has_schema_privilege(to_regnamespace(name)::oid, privilege)
     when 'sequence' then has_sequence_privilege(to_regclass(name)::oid, privilege)
     else case when col = '' then has_table_privilege(to_regclass(name)::oid, privilege)
               else has_column_privilege(to_regclass(name)::oid, col, privilege) end
   end, false);

-- name: may_change
-- How the connected role may change the tables beside the events: as a whole, or else single columns.
with tables as (
  select oid, relname from pg_class
   where relkind = 'r' and relnamespace = (select relnamespace from pg_class where oid = 'events'::regclass)
)
select relname, privilege, ''
  from tables, unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as privilege
 where has_table_privilege(oid, privilege)
union all
select relname, 'update', attname
  from tables join pg_attribute on attrelid = oid
 where attnum > 0 and not attisdropped and has_column_privilege(oid, attnum, 'update')
   and not has_table_privilege(oid, 'update');

-- name: listen_as_doctor
-- Hear whether notifications come through; nobody else listens there.
listen opsbot_doctor;

-- name: notify_doctor
-- What is heard there.
select pg_notify('opsbot_doctor', '');

-- name: waiting
-- Work that is due and that nobody holds, by kind: how much, and for how many seconds the oldest is due.
with clock as materialized (
  select coalesce(%(now)s::timestamptz, clock_timestamp()) as now
)
select kind, count(*), extract(epoch from max(clock.now - due))
  from work, clock
 where due <= clock.now and (leased_until is null or leased_until <= clock.now)
 group by kind;

-- name: undelivered
-- Of the streams whose messages are not all in Slack: the age of the last event, of that where it is oldest; seconds.
select coalesce(max(extract(epoch from coalesce(%(now)s::timestamptz, clock_timestamp()) - events.at)), 0)
  from work
  join streams on streams.name = work.key
  join events on events.stream = streams.name and events.version = streams.version
 where work.kind = 'messages' and work.due is not null;

-- name: outdated
-- How many records of what is last known good are behind, by of what.
select behind ->> 'lag', count(*)
  from streams, json_array_elements(streams.state -> 'behind') as behind
 where starts_with(streams.name, 'release/')
 group by 1;

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
