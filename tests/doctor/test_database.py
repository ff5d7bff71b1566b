"""Opsbot's own database as the doctor sees it: which grants are needed, and how those that differ are told."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.adapters.postgres.inspection import STATEMENT, granted, needed
from bot.adapters.postgres.migrate import ROLE, migrations
from bot.doctor.database import DatabaseChecks
from bot.doctor.finding import Finding, Verdict
from tests.doctor.reading import faults, found, only_fault
from tests.fixtures.store import BOT_USER, StoreDatabase


async def look(url: str, ahead: timedelta = timedelta()) -> list[Finding]:
    """As the doctor on a host whose clock is so far ahead."""
    return await found([DatabaseChecks(url, lambda: datetime.now(UTC) + ahead).checks()])


def as_owner(database: StoreDatabase, statement: str) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(statement.encode())


async def test_an_address_that_is_none() -> None:
    fault = only_fault(await look("postgresql://opsbot:made-up@[::1/ops"))
    assert fault.says.startswith("the database's URL is not one that PostgreSQL understands")


@pytest.mark.parametrize(("minutes", "says"), [(5, "300 s behind this host's"), (-5, "300 s ahead of this host's")])
async def test_a_clock_that_differs_from_this_hosts(store_database: StoreDatabase, minutes: int, says: str) -> None:
    fault = only_fault(await look(store_database.url, timedelta(minutes=minutes)))
    assert (fault.check, fault.verdict) == ("clock", Verdict.WRONG)
    assert says in fault.says
    assert faults(await look(store_database.url, timedelta(minutes=minutes / 15))) == []


@pytest.mark.parametrize(
    "taken",
    ["insert on events", "update (epoch) on work", "usage on sequence epochs", "delete on reservations"],
)
async def test_a_grant_that_was_taken_away(store_database: StoreDatabase, taken: str) -> None:
    as_owner(store_database, f"revoke {taken} from opsbot_bot")
    fault = only_fault(await look(store_database.url))
    assert (fault.check, fault.verdict) == ("privileges", Verdict.MISSING)
    assert fault.mend == f"run as the tables' owner: grant {taken} to opsbot_bot;"


@pytest.mark.parametrize("more", ["delete on messages", "update (wakes, key) on work", "trigger on inbox"])
async def test_a_grant_that_the_work_does_not_need(store_database: StoreDatabase, more: str) -> None:
    as_owner(store_database, f"grant {more} to {ROLE}")
    fault = only_fault(await look(store_database.url))
    assert (fault.check, fault.verdict) == ("privileges", Verdict.WRONG)
    what = more.replace("wakes, ", "")
    assert fault.mend == f'run as the tables\' owner: revoke {what} from {ROLE}, "{BOT_USER}";'
    as_owner(store_database, fault.mend.partition(": ")[2])
    assert faults(await look(store_database.url)) == []


def test_every_grant_of_the_migrations_is_read() -> None:
    told = {str(each) for each in needed()}
    assert "grant usage on schema public to opsbot_bot" in told
    assert "grant update (posted_at) on messages to opsbot_bot" in told
    assert len(told) > 30


def test_what_a_later_migration_takes_back_is_not_needed() -> None:
    assert "grant delete on messages to opsbot_bot" not in {str(each) for each in needed()}
    first = "grant select, update (ts, body) on messages to opsbot_bot;\ngrant delete on work to opsbot_bot;\n"
    told = [str(each) for each in granted(f"{first}revoke update (ts), delete on messages from opsbot_bot;")]
    assert told == [
        f"grant {each} to opsbot_bot"
        for each in ("select on messages", "update (body) on messages", "delete on work")
    ]
    assert len(granted(f"{first}revoke update on messages from opsbot_bot;")) == 2
    assert len(granted(f"revoke delete on work from opsbot_bot;\n{first}")) == 4


def test_no_statement_about_the_role_is_overlooked() -> None:
    text = "\n".join(each.text for each in migrations())
    statements = [line for line in text.splitlines() if re.match(f"(grant|revoke) .*{ROLE}", line)]
    assert [line for line in statements if not STATEMENT.match(line)] == []
    assert len(statements) > 10
