"""Opsbot's own database, as the doctor sees it: fine, and broken in each way that it can tell."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.adapters.postgres.inspection import STATEMENT, granted, needed
from bot.adapters.postgres.migrate import ROLE, migrations
from bot.doctor.database import DatabaseChecks
from bot.doctor.finding import Finding, Verdict
from tests.doctor.reading import faults, found, only_fault
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.store import BOT_USER, StoreDatabase, as_user


async def look(url: str) -> list[Finding]:
    return await found([DatabaseChecks(url).checks()])


def as_owner(database: StoreDatabase, statement: str) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(statement.encode())


async def test_all_is_well(store_database: StoreDatabase) -> None:
    findings = await look(store_database.url)
    assert faults(findings) == []
    assert {each.check for each in findings} == {"server", "migrations", "role", "privileges", "notifications"}


async def test_no_server() -> None:
    fault = only_fault(await look("postgresql://opsbot:made-up@127.0.0.1:1/ops"))
    assert (fault.part, fault.check, fault.verdict) == ("database", "server", Verdict.MISSING)
    assert fault.says.endswith("(4 more checks wait for this one)")
    assert "OPSBOT_DATABASE_URL" in fault.mend
    assert "made-up" not in fault.says


async def test_an_address_that_is_none() -> None:
    fault = only_fault(await look("postgresql://opsbot:made-up@[::1/ops"))
    assert fault.says.startswith("the database's URL is not one that PostgreSQL understands")


async def test_no_tables(store_database: StoreDatabase, database: DatabaseFactory) -> None:
    fault = only_fault(await look(as_user(database(), BOT_USER)))
    assert (fault.check, fault.verdict) == ("migrations", Verdict.WRONG)
    assert fault.says.startswith("the database lacks 001_store.sql")
    assert fault.mend == "run `opsbot migrate` with the owner's URL"


async def test_the_owner_is_no_restricted_role(store_database: StoreDatabase) -> None:
    fault = only_fault(await look(store_database.owner_url))
    assert (fault.check, fault.verdict) == ("role", Verdict.WRONG)
    assert "may change or delete events" in fault.says
    assert "the bot's own user" in fault.mend


@pytest.mark.parametrize("grant", ["delete on events", "update (data) on events"])
async def test_a_role_that_may_change_what_is_recorded(store_database: StoreDatabase, grant: str) -> None:
    as_owner(store_database, f"grant {grant} to opsbot_bot")
    fault = only_fault(await look(store_database.url))
    assert (fault.check, fault.verdict) == ("role", Verdict.WRONG)


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


async def test_notifications_that_do_not_come_through(store_database: StoreDatabase) -> None:
    async with deaf(store_database.url) as url:
        fault = only_fault(await look(url))
    assert (fault.check, fault.verdict) == ("notifications", Verdict.WRONG)
    assert "pooler" in fault.mend


@asynccontextmanager
async def deaf(url: str) -> AsyncIterator[str]:
    """The address of a pooler as it were: it passes everything on but the server's notifications."""
    told = conninfo_to_dict(url)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(str(told["host"]), int(str(told["port"])))
        answers = asyncio.create_task(_answers(up_reader, writer))
        try:
            while data := await reader.read(65536):
                up_writer.write(data)
        finally:
            answers.cancel()
            up_writer.close()
            writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield make_conninfo(url, host=host, port=port, sslmode="disable", gssencmode="disable")


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The server's messages, each a letter and its length; A is a notification."""
    while head := await reader.readexactly(5):
        body = await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
        if head[:1] != b"A":
            writer.write(head + body)
