-- The messages that stand in Slack, by key: written before a post, so that a post whose answer was lost is found again.

create table messages (
  key text not null,
  stream text not null,
  channel text not null,
  thread_ts text, -- null: in the channel itself
  ts text,        -- Slack's name of the message; null: not known to be posted
  body text not null,
  intended_at timestamptz not null,
  posted_at timestamptz,
  constraint messages_pkey primary key (key),
  constraint messages_named check (key <> '' and channel <> ''),
  constraint messages_posted_has_time check ((ts is null) = (posted_at is null))
);

create index messages_stream on messages (stream);

grant select, insert, delete, update (ts, body, posted_at) on messages to opsbot_bot;
