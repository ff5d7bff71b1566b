-- Counts what happens in a service's database, whoever does it: committed DDL, rows, and moves of the ledger.
create table effects (what text);
alter table effects owner to solvereign;
create schema outsider;
create table outsider.events (what text, name text, run text, at timestamptz default clock_timestamp());

create function outsider.moved() returns trigger language plpgsql security definer as $$ begin
    if tg_op = 'INSERT' or new.state <> old.state then
        insert into outsider.events (what, name, run) values (new.state, substring(new.name from 'm_[0-9]+'), new.run);
    end if;
    return null;
end $$;

create function outsider.changed() returns event_trigger language plpgsql security definer as $$ begin
    insert into outsider.events (what, name)
    select command_tag, split_part(object_identity, '.', 2) from pg_event_trigger_ddl_commands();
    if exists (select from pg_event_trigger_ddl_commands() where object_identity = 'opsbot.migrations') then
        create or replace trigger moved after insert or update on opsbot.migrations
            for each row execute function outsider.moved();
    end if;
end $$;
create event trigger outsider on ddl_command_end execute function outsider.changed();

create view outsider.seen as
select what, name, count(*) as times from outsider.events where what in ('CREATE TABLE', 'CREATE INDEX', 'applied')
group by what, name
union all
select 'row', what, count(*) from effects group by what;
