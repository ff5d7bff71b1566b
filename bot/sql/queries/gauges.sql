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
