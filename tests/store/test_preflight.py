"""What is looked at before serving: the role, the migrations, and that the database answers."""

import time

import pytest

from bot.adapters.postgres.migrate import ROLE, migrate, migrations
from bot.adapters.postgres.preflight import NotReady, assert_migrated, assert_restricted, wait_until_reachable
from runbooks.store import StoreUnavailable
from sandbox.postgres import PostgresServer
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.store import StoreDatabase, as_user


async def test_the_bots_own_user_is_restricted(store_database: StoreDatabase) -> None:
    await wait_until_reachable(store_database.url)
    await assert_migrated(store_database.url)
    await assert_restricted(store_database.url)


async def test_the_owner_is_refused(store_database: StoreDatabase) -> None:
    with pytest.raises(NotReady, match="role postgres is a superuser, owns the tables"):
        await assert_restricted(store_database.owner_url)


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        ("grant update (data) on events to too_free", "change or delete events"),
        ("grant delete on events to too_free", "change or delete events"),
        ("grant trigger on events to too_free", "change or delete events"),
        ("grant truncate on events to too_free", "change or delete events"),
        ("grant create on schema public to too_free", "may create tables"),
        ("alter table events owner to too_free", "owns the tables"),
    ],
)
async def test_a_role_with_more_than_its_work_needs_is_refused(
    store_database: StoreDatabase, postgres_server: PostgresServer, grant: str, reason: str
) -> None:
    postgres_server.create_role("too_free")
    name = store_database.owner_url.rpartition("/")[2]
    postgres_server.execute(f"grant {ROLE} to too_free", database=name)
    await assert_restricted(as_user(store_database.url, "too_free"))
    postgres_server.execute(grant, database=name)
    with pytest.raises(NotReady, match=reason):
        await assert_restricted(as_user(store_database.url, "too_free"))


async def test_a_missing_migration_is_named(database: DatabaseFactory) -> None:
    url = database()
    with pytest.raises(NotReady, match=r"lacks 001_store.sql, .*opsbot migrate"):
        await assert_migrated(url)
    migrate(url, migrations()[:1])
    with pytest.raises(NotReady, match=r"lacks 002_messages.sql"):
        await assert_migrated(url)
    migrate(url)
    await assert_migrated(url)


async def test_an_absent_database_is_waited_for_and_then_named_without_its_password() -> None:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as lost:
        await wait_until_reachable("postgresql://bot:example-password@127.0.0.1:1/ops", deadline=0.5)
    assert 0.2 < time.monotonic() - began < 5
    assert "no database at 127.0.0.1:1/ops after 0.5 s" in str(lost.value)
    assert "example-password" not in str(lost.value)


async def test_a_url_that_is_none_is_refused_without_its_password() -> None:
    with pytest.raises(StoreUnavailable, match="not one that PostgreSQL understands") as lost:
        await wait_until_reachable("host=db password='example-password", deadline=30)
    assert "example-password" not in repr((lost.value, lost.value.__cause__))


async def test_a_server_that_says_no_is_quoted(store_database: StoreDatabase) -> None:
    with pytest.raises(StoreUnavailable, match='database "nowhere" does not exist'):
        await wait_until_reachable(store_database.url.rpartition("/")[0] + "/nowhere", deadline=0.3)
