"""A release that can't read what a newer one recorded, as while the bot is updated: whoever asks it is told so."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.lookout import Bell
from bot.worker import Worker
from commands.deploy import answer
from commands.home import show
from commands.views.plots import Picture
from runbooks.audit.chain import link
from runbooks.digests import canonical
from runbooks.engine import asks
from runbooks.folds import folds
from runbooks.runs.state import Run
from runbooks.store import Append, Changes, Fold
from runbooks.vocabulary import Actor
from sandbox.waiting import until
from tests.commands.seat import edge_of
from tests.engine.world import ALEX, RILEY, World

OLDER = "This process is older than what was recorded, as while Opsbot is updated: ask again in a moment."
RUN = folds()["run"]


@dataclass(frozen=True)
class Mused:
    """What no release knows yet."""

    by: Actor
    at: datetime
    kind: Literal["mused"] = "mused"


def _evolve(state: Run, event: Any) -> Run:
    return state if isinstance(event, Mused) else RUN.evolve(state, event)


NEWER = replace(RUN, number=RUN.number + 1, evolve=_evolve, events=RUN.events | Mused)


@pytest.fixture
def world(store_pool: Pool) -> World:
    """On a store that is not checked at the end: the older release could not read it."""
    world = World(PostgresStore(store_pool, folds()))
    world.use(PostgresStore(store_pool, folds(), now=lambda: world.now))
    return world


async def mused(world: World, pool: Pool, *, fold: Fold) -> str:
    """A run of which a process with this fold told what others can't read."""
    run_id = await world.deploys()
    stream = f"run/{run_id}"
    store = PostgresStore(pool, {**folds(), "run": fold}, now=lambda: world.now)
    before = (await store.read([stream])).streams[stream]
    data = canonical(NEWER.event_type.dump_python(Mused(ALEX, world.now), mode="json"))
    told = link(stream=stream, version=before.version + 1, data=data, actor=ALEX, at=world.now, previous=before.head)
    await store.commit(
        Changes(appends=(Append(stream, (told,), before.state, fold.held(before.state), fold.due(before.state)),))
    )
    return run_id


async def test_who_asks_for_something_is_told_that_nothing_was_recorded(world: World, store_pool: Pool) -> None:
    run_id = await mused(world, store_pool, fold=NEWER)
    said = await edge_of(world).say(asks.Abort(run_id), by=RILEY, key="gesture/1")
    assert (said.accepted, said.again, said.text) == (False, True, f"Not recorded, nothing started. {OLDER}")


async def test_who_only_looks_is_told_too(world: World, store_pool: Pool) -> None:
    await mused(world, store_pool, fold=NEWER)
    status = {"team_id": "T1", "user_id": "URILEY", "trigger_id": "1.abc", "text": "status"}
    assert (await answer(edge_of(world), status))["text"] == OLDER

    published: list[Mapping[str, Any]] = []

    class Homes:
        async def picture(self, picture: Picture) -> dict[str, Any]:
            raise AssertionError

        async def publish(self, person: str, view: Mapping[str, Any]) -> None:
            published.append(view)

    await show(edge_of(world), Homes(), RILEY)
    assert OLDER in str(published)


async def test_its_worker_leaves_it_to_others(
    world: World, store_pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = await mused(world, store_pool, fold=NEWER)
    world.later(minutes=1)
    worker = Worker(world.store, ["run"], world.engine.advance, Bell(), lambda: world.now, 10, 1)
    working = asyncio.create_task(worker.run())
    await until(lambda: "of a newer release" in caplog.text, what="that it is left")
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    assert f"run/{run_id} dropped: OlderRelease" in caplog.text
    assert "failed" not in caplog.text


async def test_what_nobody_can_read_is_a_fault_of_ours(world: World, store_pool: Pool) -> None:
    """Where the row says that our own release, or one before it, told it."""
    run_id = await mused(world, store_pool, fold=replace(NEWER, number=RUN.number - 1))
    with pytest.raises(ValidationError):
        await world.run(run_id)
