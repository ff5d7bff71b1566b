-- The gates that tenants passed, and the tenants that are live: kept by the database itself from the events, in the
-- transaction that tells them. Nobody may write here; a tenant is live by four passes of one release, or not at all.

create table gate_passes (
  stream text not null,
  version integer not null,
  gate text not null,
  release text not null, -- the full commit
  service text generated always as (split_part(stream, '/', 2)) stored,
  environment text generated always as (split_part(stream, '/', 3)) stored,
  tenant text generated always as (split_part(stream, '/', 4)) stored,
  constraint gate_passes_pkey primary key (stream, version),
  constraint gate_passes_of_release_key unique (stream, version, gate, release), -- what a tenant's going live points to
  constraint gate_passes_event foreign key (stream, version) references events (stream, version),
  constraint gate_passes_of_tenant check (stream ~ '^tenant/[^/]+/[^/]+/[a-z0-9][a-z0-9_-]{1,62}$'),
  constraint gate_passes_gate_known
    check (gate in ('rls-harness', 'determinism-proof', 'golden-path', 'integrations-contract')),
  constraint gate_passes_release_is_commit check (release ~ '^[0-9a-f]{40}$')
);

create table tenants_live (
  stream text not null,
  version integer not null,
  release text not null,
  rls_harness integer not null, -- the version of the event that passed it, as the three below
  determinism_proof integer not null,
  golden_path integer not null,
  integrations_contract integer not null,
  service text generated always as (split_part(stream, '/', 2)) stored,
  environment text generated always as (split_part(stream, '/', 3)) stored,
  tenant text generated always as (split_part(stream, '/', 4)) stored,
  gate_1 text generated always as ('rls-harness') stored, -- so that each key below can be of its own gate only
  gate_2 text generated always as ('determinism-proof') stored,
  gate_3 text generated always as ('golden-path') stored,
  gate_4 text generated always as ('integrations-contract') stored,
  constraint tenants_live_pkey primary key (stream), -- once
  constraint tenants_live_event foreign key (stream, version) references events (stream, version),
  constraint tenants_live_rls_harness foreign key (stream, rls_harness, gate_1, release)
    references gate_passes (stream, version, gate, release),
  constraint tenants_live_determinism_proof foreign key (stream, determinism_proof, gate_2, release)
    references gate_passes (stream, version, gate, release),
  constraint tenants_live_golden_path foreign key (stream, golden_path, gate_3, release)
    references gate_passes (stream, version, gate, release),
  constraint tenants_live_integrations_contract foreign key (stream, integrations_contract, gate_4, release)
    references gate_passes (stream, version, gate, release)
);

create function keep_tenant() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  told json := new.data::json;
begin
  case told ->> 'kind'
    when 'gate-passed' then
      insert into gate_passes (stream, version, gate, release)
      values (new.stream, new.version, told ->> 'gate', told ->> 'commit');
    when 'went-live' then
      insert into tenants_live
        (stream, version, release, rls_harness, determinism_proof, golden_path, integrations_contract)
      values
        (new.stream, new.version, told ->> 'commit',
         (told -> 'passes' ->> 'rls-harness')::integer, (told -> 'passes' ->> 'determinism-proof')::integer,
         (told -> 'passes' ->> 'golden-path')::integer, (told -> 'passes' ->> 'integrations-contract')::integer);
    else
      null;
  end case;
  return null;
end
$$;

create trigger events_keep_tenant after insert on events
  for each row when (new.stream like 'tenant/%') execute function keep_tenant();

grant select on gate_passes, tenants_live to opsbot_bot;
