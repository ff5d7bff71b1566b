-- Which streams still ask for somebody: those are found by index, whatever their age and however many there are.

alter table streams add column outstanding boolean not null default true; -- what every commit says from its state

-- Of what stands already, as the states of today tell it; by `->`, since a NUL in somebody's output is an error to `->>`.
update streams set outstanding = coalesce(
  case split_part(name, '/', 1)
    when 'run' then (state -> 'status')::text in ('"new"', '"planning"', '"running"', '"stopping"')
    when 'incident' then (state -> 'resolved')::text = 'null'
      or ((state -> 'follow_up')::text <> 'null' and (state -> 'follow_up' -> 'found_by')::text = 'null')
    when 'finding' then (state -> 'acknowledged_by')::text = 'null' and (state -> 'mended')::text = '""'
      and coalesce((state -> 'way_back' -> 'stands')::text, 'false') = 'false'
    when 'audit' then (state -> 'requests')::text ~ '"end":""'
    else false
  end, true);

create index streams_outstanding on streams (split_part(name, '/', 1), born) where outstanding;

grant update (outstanding) on streams to opsbot_bot;
