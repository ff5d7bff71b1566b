-- What the metrics tell of the database that all replicas share.
-- %(now)s is the caller's clock where one is injected; null is the database's own.

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
-- For how many seconds the oldest change waits that is not in Slack. Due times alone would not tell: each try moves them.
select coalesce(max(extract(epoch from
         coalesce(%(now)s::timestamptz, clock_timestamp()) - coalesce(owed_since, due))), 0)
  from work
 where kind = 'messages' and due is not null;

-- name: outdated
-- How many records of what is last known good are behind, by of what.
select behind ->> 'lag', count(*)
  from streams, json_array_elements(streams.state -> 'behind') as behind
 where starts_with(streams.name, 'release/')
 group by 1;
