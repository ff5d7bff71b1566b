"""Whoever asks while others keep changing the same things: an emergency is not sent away after a few lost races."""

from collections.abc import Mapping
from dataclasses import replace

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.store import Changes, Fold, Lease
from tests.engine.world import ALEX, World


class Busy(PostgresStore):
    """Before so many of our commits, somebody else's on the same release wins."""

    def __init__(self, pool: Pool, folds: Mapping[str, Fold], world: World, lost: int) -> None:
        super().__init__(pool, folds, now=lambda: world.now)
        self._other, self._lost = world.replica(), lost

    async def commit(self, changes: Changes, lease: Lease | None = None) -> None:
        if self._lost and any(
            a.stream.startswith("run/") or a.stream.startswith("release/") for a in changes.appends
        ):
            self._lost -= 1
            moves = asks.Lock("api", "", "somebody else's") if self._lost % 2 else asks.Unlock("api", "")
            assert (await self._other.hears(moves, ALEX)).did
        await super().commit(changes, lease)


async def raced(world: World, pool: Pool, folds: Mapping[str, Fold], lost: int) -> World:
    await world.adopted("v1")
    racing = world.replica()
    racing.reception = replace(racing.reception, store=Busy(pool, folds, world, lost))
    return racing


async def test_an_emergency_keeps_trying(world: World, store_pool: Pool, folds: Mapping[str, Fold]) -> None:
    racing = await raced(world, store_pool, folds, 12)
    reply = await racing.rolls_back()
    assert reply.did == "started", reply
    await world.works()
    assert (await world.run(reply.facts["run"])).status is Status.SUCCEEDED


async def test_what_can_be_asked_again_is_not_kept_waiting(
    world: World, store_pool: Pool, folds: Mapping[str, Fold]
) -> None:
    racing = await raced(world, store_pool, folds, 6)
    assert (await racing.hears(asks.PlanRollBack("api", "", "v1"), ALEX)).refused == "contended"
