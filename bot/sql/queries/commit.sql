-- One commit, statement by statement: fences, events, states, reservations, work, the reply.
-- %(now)s is the caller's clock where one is injected; null is the database's own.

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
insert into streams (name, version, head, fold, state, outstanding, outstanding_at)
select name, version, head, fold, state::json, outstanding, version
  from json_to_recordset(%(streams)s)
    as moved (name text, version integer, head text, fold integer, state text, outstanding boolean)
on conflict (name) do update
  set version = excluded.version, head = excluded.head, fold = excluded.fold, state = excluded.state,
      outstanding = excluded.outstanding, outstanding_at = excluded.outstanding_at;

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
-- When work is due, and that it was woken, which it is owed since; one notification of the
-- kinds of it that are due now, but for the holder's own, who knows.
-- The caller says when by its own clock, which may be wrong: what counts is how long from now, never less than none.
with clock as materialized (
  select coalesce(%(now)s::timestamptz, clock_timestamp()) as now
), asked as (
  select kind, key, woken,
         case when at_once then clock.now
              when due is null then null
              else clock.now + greatest(due - %(here)s, interval '0')
         end as due
    from clock, json_to_recordset(%(work)s)
      as asked (kind text, key text, due timestamptz, at_once boolean, woken integer)
), scheduled as (
  insert into work as standing (kind, key, due, wakes, owed_since, woken_since)
  select kind, key, due, woken, clock.now, clock.now
    from asked, clock
   where due is not null
      or exists (select from work where work.kind = asked.kind and work.key = asked.key)
   order by kind, key
  on conflict (kind, key) do update
    set due = excluded.due, wakes = standing.wakes + excluded.wakes,
        owed_since = case when standing.due is null and standing.leased_until is null then excluded.owed_since
                          else coalesce(standing.owed_since, excluded.owed_since) end,
        woken_since = coalesce(standing.woken_since, excluded.woken_since)
  returning standing.kind, standing.key, standing.due
)
select pg_notify('opsbot', string_agg(distinct kind, ' '))
  from scheduled join asked using (kind, key), clock
 where scheduled.due <= clock.now and asked.woken > 0 having count(*) > 0;

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
