-- Work that is due, and the leases on it.
-- %(now)s is the caller's clock where one is injected; null is the database's own.

-- name: time
-- What time it is, by the clock that all replicas share.
select clock_timestamp();

-- name: listen
-- Hear of work that is due now.
listen opsbot;

-- name: claim
-- Lease the work that is due longest and that nobody holds, under the next epoch; of a prefix, where one is asked for.
with clock as materialized (
  select coalesce(%(now)s::timestamptz, clock_timestamp()) as now
), ready as materialized (
  select kind, key, due, coalesce(owed_since, due) as owed_since, leased_until is not null as lapsed
    from work
   where kind = any(%(kinds)s) and starts_with(key, %(prefix)s) and due <= (select now from clock)
     and (leased_until is null or leased_until <= (select now from clock))
   order by due, key, kind
   limit 1
   for update skip locked
), drawn as materialized (
  select kind, key, due, owed_since, lapsed, nextval('epochs') as epoch from ready
)
update work
   set epoch = drawn.epoch, claimed_epoch = drawn.epoch, leased_until = clock.now + %(lease)s, woken_since = null
  from drawn, clock
 where work.kind = drawn.kind and work.key = drawn.key
returning work.kind, work.key, work.epoch, work.wakes, work.leased_until, drawn.lapsed, clock.now - drawn.due,
          clock.now - drawn.owed_since;

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
-- which counts from now by the clock of whoever tells it. Where that is never, all is done that it was claimed for.
update work
   set leased_until = null,
       owed_since = case when %(due)s::timestamptz is null then woken_since else owed_since end,
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
