"""Each change of a schema that behaves otherwise is seen, and named; what behaves the same is not."""

from pathlib import Path

import psycopg
import pytest

from bot.adapters.rehearsal.catalogs import fingerprint
from runbooks.rehearsal.catalogs import differences
from runbooks.rehearsal.things import Difference
from tests.rehearsal.scratches import TestRehearsals

CHANGES = Path(__file__).parent / "changes.sql"
NOTHING = "nothing"


def changes() -> list[tuple[str, list[str]]]:
    """What is expected, and the statements, one a line."""
    blocks = CHANGES.read_text().strip().split("\n\n")[1:]
    lines = [block.splitlines() for block in blocks]
    return [(first.removeprefix("-- "), rest) for first, *rest in lines]


async def after(nasty: TestRehearsals, statements: list[str]) -> tuple[Difference, ...]:
    """What is another once these were run on the nasty schema."""
    async with nasty.scratch() as scratch:
        before = await scratch.fingerprint()
        async with await psycopg.AsyncConnection.connect(nasty.url, autocommit=True) as connection:
            for statement in statements:
                await connection.execute(statement.replace("{database}", connection.info.dbname).encode())
            return differences(before, await fingerprint(connection))


def said(difference: Difference) -> str:
    thing = difference.thing
    on = f" on {thing.on}" if thing.on else ""
    facts = f" ({', '.join(difference.facts)})" if difference.facts else ""
    return f"{difference.mark} {thing.kind} {thing.name}{on}{facts}"


def test_there_are_many_changes() -> None:
    assert len(changes()) > 120


@pytest.mark.parametrize(("expected", "statements"), changes(), ids=[" ".join(s)[:70] for _, s in changes()])
async def test_a_change_is_seen_for_what_it_is(nasty: TestRehearsals, expected: str, statements: list[str]) -> None:
    found = [said(each) for each in await after(nasty, statements) if not each.note]
    assert (" | ".join(found) or NOTHING) == expected
