"""The check that every other test's store ends with must itself be able to fail."""

from dataclasses import dataclass, replace
from typing import Annotated

import psycopg
import pytest
from pydantic import Field

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.postgres.verify import faults
from tests.fixtures.store import StoreDatabase
from tests.store.counter import COUNTER, FOLDS, Counter, add, added, evolve

WRONG_EVOLVE = replace(COUNTER, evolve=lambda state, event: evolve(state, replace(event, amount=-event.amount)))
FORGETFUL_HELD = replace(COUNTER, held=lambda _: frozenset())
GREEDY_HELD = replace(COUNTER, held=lambda state: frozenset({*state.holds, "web"}))
NEEDY = replace(COUNTER, outstanding=lambda state: not state.holds)
NEWER = replace(WRONG_EVOLVE, number=2)


@pytest.fixture
async def filled(store_database: StoreDatabase, store_pool: Pool) -> StoreDatabase:
    """A database with two streams in it; what a test does to it is not checked afterwards."""
    store = PostgresStore(store_pool, FOLDS)
    await add(store, "counter/a", added(1, holds=("api",)), added(2, holds=("api",)))
    await add(store, "counter/b", added(3))
    return store_database


async def test_a_sound_house_has_no_faults(filled: StoreDatabase) -> None:
    assert await faults(filled.owner_url, FOLDS) == []
    assert await faults(filled.url, FOLDS) == []


@pytest.mark.parametrize(
    ("fold", "expected"),
    [
        (WRONG_EVOLVE, ["counter/a: its stored state is not what", "counter/b: its stored state is not what"]),
        (FORGETFUL_HELD, ["counter/a: holds api, which its state does not"]),
        (GREEDY_HELD, ["counter/a: should hold web", "counter/b: should hold web"]),
        (NEEDY, ["counter/b: whether it still asks for somebody is not what its state says"]),
        (NEWER, []),
    ],
)
async def test_a_fold_that_disagrees_is_found(filled: StoreDatabase, fold, expected: list[str]) -> None:
    found = await faults(filled.url, {"counter": fold})
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


EDITS = {
    "update events set actor = 'T0TEST/U0EVE' where stream = 'counter/b'": (
        "counter/b event 1: its content does not match its hash"
    ),
    "update events set at = at + interval '1 second' where stream = 'counter/b'": (
        "counter/b event 1: its content does not match its hash"
    ),
    "update events set data = replace(data, '\"amount\":3', '\"amount\":4') where stream = 'counter/b'": (
        "counter/b: its stored state is not what its events make"
    ),
    "delete from events where stream = 'counter/a' and version = 2": "counter/a: its head is not its last event",
    "delete from events where stream = 'counter/a' and version = 1": "counter/a event 2: expected event 1",
    "delete from streams where name = 'counter/b'": "counter/b: has events and no state",
    "delete from reservations": "counter/a: should hold api",
    "insert into reservations values ('web', 'counter/b')": "counter/b: holds web, which its state does not",
    'update streams set state = \'{"name":"b","total":4}\' where name = \'counter/b\'': (
        "counter/b: its stored state is not what its events make"
    ),
    "update streams set version = 2 where name = 'counter/b'": "counter/b: its head is not its last event",
    "update events set data = '{}' where stream = 'counter/b'": "counter/b: its events can't be read",
    "update events set stream = 'other/b' where stream = 'counter/b'; "
    "update streams set name = 'other/b' where name = 'counter/b'": "other/b: its events can't be read: KeyError",
}


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_by_a_superuser_is_found(filled: StoreDatabase, edit: str) -> None:
    with psycopg.connect(filled.owner_url) as owner:
        owner.execute("set session_replication_role = replica")  # no foreign key stands in the way
        owner.execute(edit)
    found = await faults(filled.url, FOLDS)
    assert any(line.startswith(EDITS[edit]) for line in found), found


@dataclass(frozen=True)
class Leaky(Counter):
    """A state that is not stored whole."""

    unsaid: Annotated[str, Field(exclude=True)] = ""


async def test_a_state_that_does_not_survive_being_stored_is_found(filled: StoreDatabase) -> None:
    leaky = replace(COUNTER, states=Leaky, start=lambda stream: Leaky(stream.partition("/")[2], unsaid="lost"))
    found = await faults(filled.url, {"counter": leaky})
    assert found == [f"counter/{name}: its state reads back as another value" for name in "ab"]
