-- The ledger of the bot's own migrations.

-- name: create_ledger
-- Which migrations were applied, each with the digest of its text.
create table if not exists schema_migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp(),
  constraint schema_migrations_pkey primary key (number),
  constraint schema_migrations_number_positive check (number > 0)
);

-- name: ledger_stands
-- Whether any migration ever ran here.
select to_regclass('schema_migrations') is not null;

-- name: ledger
-- What was applied.
select number, name, checksum from schema_migrations order by number;

-- name: lock_ledger
-- One migrator at a time, until it disconnects.
select pg_advisory_lock(hashtextextended('opsbot schema_migrations', 0));

-- name: enter_in_ledger
-- A migration's row, in the transaction of the migration.
insert into schema_migrations (number, name, checksum) values (%(number)s, %(name)s, %(checksum)s);

-- name: login
-- Whether a role exists, and whether it is a superuser.
select rolsuper from pg_roles where rolname = %(name)s;
