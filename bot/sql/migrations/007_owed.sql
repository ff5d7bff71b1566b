-- Since when work is owed, however often its due time moved; and of which version a stream says whether it is outstanding.

alter table work
  add column owed_since timestamptz, -- when the oldest wake came that nobody has done all for; null: none, or not known
  add column woken_since timestamptz; -- when the oldest wake came since it was last claimed; null: none, or not known

grant update (owed_since, woken_since) on work to opsbot_bot;

-- A process of an older release moves a stream and says nothing: then it may be outstanding, and its state is looked at.
alter table streams add column outstanding_at integer not null default 0; -- the version that `outstanding` is said of
update streams set outstanding_at = version;

drop index streams_outstanding;
create index streams_outstanding on streams (split_part(name, '/', 1), born)
  where outstanding or outstanding_at <> version;

grant update (outstanding_at) on streams to opsbot_bot;
