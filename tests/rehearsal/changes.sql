-- Changes of the schema in nasty.sql, one block each: what is seen of it, then the statements, one a line.

-- left schema extra
create schema extra

-- changed schema app (owner)
alter schema app owner to keeper

-- changed schema app (comment)
comment on schema app is 'other'

-- changed table app.quick (persistence)
alter table app.quick set logged

-- changed table app.quick (options)
alter table app.quick reset (fillfactor)

-- changed table app.quick (replica identity)
alter table app.quick replica identity nothing

-- changed table app.orders (replica identity)
alter table app.orders replica identity using index orders_pkey

-- changed table app.orders (row level security)
alter table app.orders no force row level security

-- changed table app.orders (row level security)
alter table app.orders disable row level security

-- changed constraint orders_pkey on table app.orders (clustered)
alter table app.orders set without cluster

-- changed table app.orders (toast options)
alter table app.orders set (toast.autovacuum_enabled = off)

-- changed table app.heir (parents)
alter table app.heir no inherit app.customers

-- changed index "Odd.Schema".part1_order_idx on table "Odd.Schema".part1 (part of) | changed table "Odd.Schema".part1 (parents, partition bound) | lost trigger pt on table "Odd.Schema".part1
alter table "Odd.Schema"."T.x" detach partition "Odd.Schema".part1

-- left index "Odd.Schema"."part1_a.b_idx" on table "Odd.Schema".part1 | changed table "Odd.Schema".part1 (partition bound)
drop table "Odd.Schema".part1
create table "Odd.Schema".part1 partition of "Odd.Schema"."T.x" for values from (1) to (9)

-- changed column extra on table app.heir (type)
alter table app.heir alter column extra type integer

-- changed column a on table app.quick (type)
alter table app.quick alter column a type bigint

-- changed column a on table app.quick (not null)
alter table app.quick alter column a set not null

-- changed column a on table app.quick (not null)
alter table app.quick add constraint nn not null a not valid

-- changed column b on table app.quick (default)
alter table app.quick alter column b drop default

-- changed column b on table app.quick (default)
alter table app.quick alter column b set default '{1,3}'

-- changed column total on table app.orders (generated)
alter table app.orders alter column total drop expression

-- changed column total on table app.orders (generated)
alter table app.orders alter column total set expression as (amount * 3)

-- changed constraint late on table app.orders (comment, definition)
alter table app.orders drop constraint late
alter table app.orders add constraint late check (amount < 1000000)

-- changed column id on table app.orders (identity)
alter table app.orders alter column id set generated always

-- changed column id on table app.orders (identity) | lost sequence app.orders_id_seq
alter table app.orders alter column id drop identity

-- changed column d on table app.quick (storage)
alter table app.quick alter column d set storage main

-- changed column "a b" on table app.orders (compression)
alter table app.orders alter column "a b" set compression default

-- left collation app.other
create collation app.other (locale = 'POSIX')

-- changed column a on table app.quick (statistics target)
alter table app.quick alter column a set statistics 8

-- changed column a on table app.quick (options)
alter table app.quick alter column a reset (n_distinct)

-- changed column "a b" on table app.orders (comment)
comment on column app.orders."a b" is null

-- lost column a on table app.quick
alter table app.quick drop column a

-- changed constraint unproven on table app.orders (validated)
alter table app.orders validate constraint unproven

-- changed constraint not_enforced on table app.orders (definition, validated)
alter table app.orders drop constraint not_enforced
alter table app.orders add constraint not_enforced check (customer > 1)

-- changed constraint late on table app.orders (name)
alter table app.orders rename constraint late to later

-- changed constraint orders_customer_fkey on table app.orders (definition)
alter table app.orders alter constraint orders_customer_fkey deferrable

-- changed constraint orders_customer_fkey on table app.orders (definition)
alter table app.orders drop constraint orders_customer_fkey
alter table app.orders add foreign key (customer) references app.customers

-- changed constraint "Only once" on table app.customers (definition)
alter table app.customers drop constraint "Only once"
alter table app.customers add constraint "Only once" unique (name)

-- lost constraint "Only once" on table app.customers | left index app."Only once" on table app.customers
alter table app.customers drop constraint "Only once"
create unique index "Only once" on app.customers (name)

-- changed constraint orders_customer_fkey on table app.orders (triggers)
alter table app.orders disable trigger all

-- changed constraint late on table app.orders (comment)
comment on constraint late on app.orders is ''

-- changed index app."Odd Index" on table app.orders (definition)
alter index app."Odd Index" set (fillfactor = 71)

-- changed index app."Odd Index" on table app.orders (statistics targets)
alter index app."Odd Index" alter column 1 set statistics 51

-- changed index app."Odd Index" on table app.orders (name)
alter index app."Odd Index" rename to odd

-- lost index app."Odd Index" on table app.orders
drop index app."Odd Index"

-- changed constraint orders_pkey on table app.orders (form of its index)
alter index app.orders_pkey set (fillfactor = 71)

-- changed view app.v (options)
alter view app.v reset (security_invoker)

-- changed view app.v (options)
alter view app.v set (security_barrier)

-- changed view app.checked (options)
create or replace view app.checked as select id, day from app.orders where amount > 1 with cascaded check option

-- changed view app.checked (definition)
create or replace view app.checked as select id, day from app.orders where amount > 2 with local check option

-- changed view app.checked (definition)
create or replace view app.checked as select id, day, 1 as one from app.orders where amount > 1 with local check option

-- changed column day on view app.checked (default)
alter view app.checked alter column day drop default

-- changed materialized view app.mv (populated)
refresh materialized view app.mv with no data

-- lost index app.mv_c_idx on materialized view app.mv
drop index app.mv_c_idx

-- changed function app.f(integer, text) (arguments)
create or replace function app.f(a integer, b text default 'y') returns integer language plpgsql security definer set search_path = app, pg_temp as $$ begin return a; end $$

-- changed function app.f(integer, text) (security definer)
alter function app.f security invoker

-- changed function app.f(integer, text) (settings)
alter function app.f reset search_path

-- changed function app.f(integer, text) (volatility)
alter function app.f stable

-- changed function app.f(integer, text) (strict)
alter function app.f strict

-- changed function app.f(integer, text) (parallel)
alter function app.f parallel safe

-- changed function app.rows() (rows)
alter function app.rows rows 8

-- changed function app.rows() (owner)
alter function app.rows owner to keeper

-- changed procedure app.p(integer) (body)
create or replace procedure app.p(inout x integer) language sql begin atomic select x + 1; end

-- changed aggregate app.mysum(integer) (aggregate)
drop aggregate app.mysum(integer)
create aggregate app.mysum(integer) (sfunc = int4pl, stype = integer, initcond = '1')

-- changed trigger t on table app.orders (enabled)
alter table app.orders enable trigger t

-- changed trigger t on table app.orders (enabled)
alter table app.orders enable always trigger t

-- lost trigger pt on table "Odd.Schema"."T.x"
drop trigger pt on "Odd.Schema"."T.x"

-- changed rule r on table app.customers (enabled)
alter table app.customers disable rule r

-- changed rule r on table app.customers (definition)
create or replace rule r as on delete to app.customers do also nothing

-- changed policy own on table app.orders (roles)
alter policy own on app.orders to reader

-- changed policy every on table app.orders (with check)
alter policy every on app.orders with check (false)

-- lost policy every on table app.orders
drop policy every on app.orders

-- changed enum app.mood (values)
alter type app.mood add value 'great' before 'ok'

-- changed column mood on table app.customers (default) | changed column mood on table app.heir (default) | changed enum app.mood (values)
alter type app.mood rename value 'ok' to 'fine'

-- changed composite type app.pair (attributes)
alter type app.pair add attribute c integer

-- changed domain app.pos (not null)
alter domain app.pos drop not null

-- changed domain app.pos (default)
alter domain app.pos set default 2

-- lost constraint positive on domain app.pos
alter domain app.pos drop constraint positive

-- changed enum app.mood (owner)
alter type app.mood owner to keeper

-- changed sequence app.down (cache, cycle)
alter sequence app.down cache 4 no cycle

-- changed sequence app.down (owned by)
alter sequence app.down owned by app.customers.name

-- changed sequence app.customers_id_seq (maximum, type)
select nextval('app.customers_id_seq')
alter sequence app.customers_id_seq as bigint

-- changed sequence app.down (persistence)
alter sequence app.down set unlogged

-- changed privileges reader on table app.orders (granted)
revoke insert on app.orders from reader

-- changed privileges reader on table app.orders (granted)
grant select on app.orders to reader with grant option

-- lost privileges reader on column app.orders.day (granted)
revoke update (day) on app.orders from reader

-- lost privileges postgres on table app.customers (revoked)
grant insert on app.customers to current_user

-- lost privileges PUBLIC on function app.f(integer, text) (revoked)
grant execute on function app.f to public

-- lost privileges reader on schema app (granted)
revoke usage on schema app from reader

-- changed privileges PUBLIC on schema public (granted)
grant create on schema public to public

-- lost privileges reader on enum app.mood (granted)
revoke usage on type app.mood from reader

-- lost privileges writer on sequence app.customers_id_seq (granted)
revoke select on sequence app.customers_id_seq from writer

-- left privileges PUBLIC on language plpgsql (revoked) | left privileges reader on language plpgsql (granted)
grant usage on language plpgsql to reader
revoke usage on language plpgsql from public

-- left privileges PUBLIC on database current (revoked) | left privileges reader on database current (granted)
grant connect on database {database} to reader
revoke connect on database {database} from public

-- lost privileges reader on default of postgres for tables in schema app (granted)
alter default privileges in schema app revoke select on tables from reader

-- lost privileges PUBLIC on default of keeper for functions (revoked)
alter default privileges for role keeper grant execute on functions to public

-- left privileges PUBLIC on system function pg_sleep(double precision) (revoked)
revoke execute on function pg_sleep(double precision) from public

-- left privileges reader on system relation pg_authid (granted)
grant select on pg_authid to reader

-- changed publication pub (pubdelete, pubtruncate, pubupdate)
alter publication pub set (publish = 'insert')

-- changed published table app.orders on publication pub (columns)
alter publication pub set table app.orders (id) where (id > 3)

-- lost published table app.orders on publication pub
alter publication pub drop table app.orders

-- lost published schema "Odd.Schema" on publication pub2
alter publication pub2 drop tables in schema "Odd.Schema"

-- changed statistics app.st on table app.orders (target)
alter statistics app.st set statistics 9

-- lost statistics app.st on table app.orders
drop statistics app.st

-- changed event trigger et (enabled)
alter event trigger et enable

-- lost event trigger et
drop event trigger et

-- lost operator app.===(integer,integer)
drop operator app.=== (integer, integer)

-- lost cast app.pair as text
drop cast (app.pair as text)

-- lost operator class app.oc using btree | changed operator family app.oc using btree (functions, operators)
drop operator class app.oc using btree

-- changed text search dictionary app.d (options)
alter text search dictionary app.d (accept = true)

-- changed text search configuration app.ts (mapping)
alter text search configuration app.ts drop mapping for word

-- changed server s (options)
alter server s options (set host 'y')

-- changed user mapping reader on server s (options)
alter user mapping for reader server s options (add user 'z')

-- changed column a on foreign table app.ft (server options)
alter foreign table app.ft alter column a options (set x 'z')

-- lost event trigger et | lost extension plpgsql | lost function app.evt() | lost function app.f(integer, text) | lost function app.tf() | lost trigger ct on table app.customers | lost trigger pt on table "Odd.Schema"."T.x" | lost trigger t on table app.orders
drop extension plpgsql cascade

-- changed database current (settings)
alter database {database} set work_mem = '9MB'

-- changed role reader (settings)
alter role reader set work_mem = '9MB'

-- changed role reader (settings here)
alter role reader in database {database} set work_mem = '9MB'

-- changed role reader (attributes, connection limit)
alter role reader login connection limit 3

-- changed role reader (comment)
comment on role reader is 'reads'

-- left membership reader on role keeper
grant keeper to reader with inherit false

-- left role guest
create role guest
grant reader to guest
grant select on app.quick to guest

-- changed table app.orders (name)
alter table app.orders rename to purchases

-- changed column day on table app.orders (name)
alter table app.orders rename column day to on_day

-- changed column id on table app.heir (default) | changed constraint orders_customer_fkey on table app.orders (definition, references) | changed policy every on table app.orders (using) | left table "Odd.Schema".customers | lost table app.customers | changed table app.heir (parents) | changed view app.v (definition)
alter table app.customers set schema "Odd.Schema"

-- lost materialized view app.mv | lost table app.orders | lost view app.checked | lost view app.v
drop table app.orders cascade

-- left table app.more
create table app.more (id serial primary key, a integer unique, b text default 'x')

-- nothing
analyze

-- nothing
vacuum full app.orders

-- nothing
reindex table app.orders

-- nothing
select nextval('app.customers_id_seq')

-- nothing
grant all on app.quick to keeper

-- nothing
grant usage on type app.pos to public

-- nothing
comment on table app.quick is ''

-- nothing
alter table app.quick add column z integer
alter table app.quick drop column z

-- nothing
alter table app.quick alter column c set statistics -1

-- nothing
alter table app.quick drop column b
alter table app.quick add column b integer[] default '{1,2}'

-- nothing
alter view app.v set (security_invoker = on)

-- nothing
alter view app.v set (security_barrier = off)

-- nothing
alter table app.customers alter column mood set default 'ok'::app.mood

-- nothing
alter table app.orders drop constraint late
alter table app.orders add constraint late check ((amount < (1000000)::numeric)) no inherit
comment on constraint late on app.orders is 'for now'

-- nothing
revoke all on app.orders from reader
grant update (day) on app.orders to reader
grant insert, select on app.orders to reader

-- nothing
create or replace function app.tf() returns trigger language plpgsql as $$ BEGIN   RETURN new; /* as it was */ END $$

-- nothing
create schema opsbot
create table opsbot.anything (id integer)

-- nothing
create temp table t (id integer)

-- nothing
alter index "Odd.Schema".part1_order_idx rename to other_name

-- nothing
create role guest
drop role guest

-- nothing
alter role reader valid until 'infinity'
