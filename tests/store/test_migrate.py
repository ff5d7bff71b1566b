"""The bot's own schema: each migration once, unchanged, by one migrator at a time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from bot.adapters.postgres.migrate import Migration, MigrationRefused, grant_login, migrate, migrations
from sandbox.postgres import PostgresServer
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.store import as_user

NAMES = [migration.name for migration in migrations()]


def _rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def test_each_migration_is_applied_once(database: DatabaseFactory) -> None:
    url = database()
    assert migrate(url) == NAMES
    assert migrate(url) == []
    ledger = _rows(url, "select number, name, checksum from schema_migrations order by number")
    assert ledger == [(each.number, each.name, each.checksum) for each in migrations()]


def test_migrators_at_the_same_time_take_turns(database: DatabaseFactory) -> None:
    url = database()
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(migrate, [url] * 4))
    assert sorted(applied) == [[], [], [], NAMES]


def test_a_file_changed_after_it_was_applied_is_refused(database: DatabaseFactory) -> None:
    url = database()
    migrate(url)
    first, *rest = migrations()
    changed = (replace(first, text=first.text + "-- an afterthought\n"), *rest)
    with pytest.raises(MigrationRefused, match=r"001_store.sql changed after it was applied"):
        migrate(url, (*changed, Migration(len(changed) + 1, "new.sql", "create table new (id int)")))
    assert _rows(url, "select to_regclass('new')") == [(None,)]


def test_a_migration_that_fails_leaves_nothing(database: DatabaseFactory) -> None:
    url = database()
    broken = Migration(len(NAMES) + 1, "broken.sql", "create table half (id int); select 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(url, (*migrations(), broken))
    assert _rows(url, "select to_regclass('half')") == [(None,)]
    assert len(_rows(url, "select * from schema_migrations")) == len(NAMES)


def test_an_older_version_leaves_a_newer_schema_alone(database: DatabaseFactory) -> None:
    url = database()
    newer = Migration(len(NAMES) + 1, "newer.sql", "create table newer (id int)")
    migrate(url, (*migrations(), newer))
    assert migrate(url) == []


def test_the_bots_user_is_made_and_let_in(database: DatabaseFactory) -> None:
    url = database()
    migrate(url)
    for password in ("example-password", "another-example"):
        bot_url = as_user(url, f"made_for_test:{password}")
        grant_login(url, bot_url)
        assert _rows(bot_url, "select count(*) from events") == [(0,)]
        [(kept,)] = _rows(url, "select rolpassword from pg_authid where rolname = 'made_for_test'")
        assert str(kept).startswith("SCRAM-SHA-256$")
        assert password not in str(kept)


def test_a_user_that_exists_is_let_in(database: DatabaseFactory, postgres_server: PostgresServer) -> None:
    url = database()
    migrate(url)
    postgres_server.create_role("stood_before")
    grant_login(url, as_user(url, "stood_before"))
    assert _rows(as_user(url, "stood_before"), "select count(*) from events") == [(0,)]


def test_the_owner_is_not_taken_for_the_bot(database: DatabaseFactory) -> None:
    url = database()
    migrate(url)
    with pytest.raises(MigrationRefused, match="the bot needs one of its own"):
        grant_login(url, url)


def test_an_owner_that_is_no_superuser_will_do(database: DatabaseFactory, postgres_server: PostgresServer) -> None:
    postgres_server.execute("create role plain_owner login createrole")
    name = "owned_by_plain_owner"
    postgres_server.create_database(name, owner="plain_owner")
    try:
        url = postgres_server.url(name, user="plain_owner")
        assert _migrated_alone(postgres_server, url) == NAMES
    finally:
        postgres_server.drop_database(name)


def _migrated_alone(server: PostgresServer, url: str) -> list[str]:
    """Migrate and let the bot in; the group role belongs to the server's other databases, so its admin is granted."""
    migrate_names = migrate(url)
    server.execute("grant opsbot_bot to plain_owner with admin option")
    grant_login(url, as_user(url, "bot_of_plain_owner"))
    assert _rows(as_user(url, "bot_of_plain_owner"), "select count(*) from events") == [(0,)]
    return migrate_names
