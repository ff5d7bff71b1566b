-- The store: streams of events and what follows from them, under the role that the bot connects as.

do $$
begin
  create role opsbot_bot nologin; -- holds the grants; the bot's own user is made a member of it
exception
  when duplicate_object or unique_violation then null; -- roles belong to the whole server, not to one database
end
$$;

revoke create on schema public from public;

create sequence epochs as bigint;  -- every claim of work, and every revocation, takes the next
create sequence numbers as bigint; -- the numbers in the names of runs and findings

create table events (
  stream text not null,
  version integer not null,
  data text not null, -- the exact text that is hashed
  actor text not null,
  at timestamptz not null,
  previous text not null,
  hash text not null,
  predecessor integer generated always as (nullif(version - 1, 0)) stored,
  constraint events_pkey primary key (stream, version),
  constraint events_hash_key unique (stream, version, hash), -- what links point to
  constraint events_version_positive check (version > 0),
  constraint events_hash_is_sha256 check (hash ~ '^[0-9a-f]{64}$'),
  constraint events_first_has_no_previous check ((version = 1) = (previous = '')),
  constraint events_link foreign key (stream, predecessor, previous) references events (stream, version, hash)
);

create table streams (
  name text not null,
  version integer not null,
  head text not null,
  fold integer not null, -- the number of the fold that made this state
  state json not null,   -- json, not jsonb: kept as written, and a NUL in somebody's output is no error
  born bigint generated always as identity, -- the order in which streams began
  constraint streams_pkey primary key (name),
  constraint streams_born_key unique (born),
  constraint streams_name_has_room check (name ~ '^[a-z][a-z-]*/.'),
  constraint streams_head_stands foreign key (name, version, head) references events (stream, version, hash)
);

create table reservations (
  target text not null,
  stream text not null,
  constraint reservations_pkey primary key (target),
  constraint reservations_target_named check (target <> ''),
  constraint reservations_stream_stands foreign key (stream) references streams (name)
);

create index reservations_stream on reservations (stream);

create table work (
  kind text not null,
  key text not null,
  due timestamptz,          -- when it is to be looked at; null: not at all
  leased_until timestamptz, -- null: nobody holds it
  epoch bigint not null default 0,         -- raised by a claim, and by a revocation
  claimed_epoch bigint not null default 0, -- raised by a claim alone: who may still be running
  wakes bigint not null default 0,
  constraint work_pkey primary key (kind, key),
  constraint work_named check (kind <> '' and key <> ''),
  constraint work_epoch_not_behind_claim check (epoch >= claimed_epoch),
  constraint work_leased_by_a_claim check (leased_until is null or claimed_epoch > 0)
);

create index work_due on work (due) where due is not null;

create table inbox (
  key text not null,
  reply json not null,
  at timestamptz not null,
  constraint inbox_pkey primary key (key),
  constraint inbox_key_named check (key <> '')
);

create table blobs (
  digest text not null,
  data bytea not null,
  constraint blobs_pkey primary key (digest),
  constraint blobs_digest_is_of_data check (digest = encode(sha256(data), 'hex'))
);

grant usage on schema public to opsbot_bot;
grant select on schema_migrations to opsbot_bot;
grant usage on sequence epochs, numbers to opsbot_bot;
grant select, insert on events, inbox, blobs to opsbot_bot;
grant select, insert, update (version, head, fold, state) on streams to opsbot_bot;
grant select, insert, delete on reservations to opsbot_bot;
grant select, insert, update (due, leased_until, epoch, claimed_epoch, wakes) on work to opsbot_bot;
