-- The ledger and the fence, in the service's database. Run in one transaction; two at once wait for each other.
select pg_advisory_xact_lock(1330664258, 0);
do $$ begin
    if to_regnamespace('opsbot') is null then -- "if not exists" asks for the right to make it, even where it is there
        create schema opsbot;
    end if;
end $$;
create table if not exists opsbot.migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    kind text not null,
    state text not null check (state in ('applying', 'applied', 'failed', 'reverting', 'reverted')),
    commit text not null,
    epoch bigint not null,
    run text not null,
    runner text not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    duration interval
);
create table if not exists opsbot.fence (
    one boolean primary key default true check (one),
    epoch bigint not null
);
insert into opsbot.fence (epoch) values (0) on conflict do nothing;
