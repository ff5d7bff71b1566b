"""The drills that are due begin by themselves, once; where none ends well for too long, that is a finding."""

from datetime import timedelta

import pytest

from bot.drilling import AGAIN, DrillKeeper
from runbooks.engine import asks
from runbooks.engine.drills import DrillBook
from runbooks.runs.state import Run, Status
from tests.engine.drilling import Drilling
from tests.engine.world import ALEX, World

WEEK, DAY = timedelta(days=7), timedelta(days=1)


class Keeping:
    """The drills of staging, each week, and who keeps them."""

    def __init__(self, world: World, **drill: str) -> None:
        self.world, self.drilling = world, Drilling(world, **drill)

    def process(self) -> DrillKeeper:
        """One of several replicas."""
        book = DrillBook(self.world.store, self.world.catalogue, lambda: self.world.now)
        return DrillKeeper(book, self.world.reception)

    async def looks(self, replicas: int = 1) -> None:
        """Every process does what is due, and the runs go on."""
        for keeper in [self.process() for _ in range(replicas)]:
            while (lease := await self.world.store.claim(["drill"])) is not None:
                await self.world.store.finish(lease, await keeper.keep(lease))
        await self.world.works()

    async def runs(self) -> list[Run]:
        """The drills, oldest first."""
        return [run for _, run in reversed(await self.world.store.latest("run/E-", 20))]


@pytest.fixture
async def keeping(world: World) -> Keeping:
    made = Keeping(world, every="7d")
    await made.drilling.good("v1")
    await made.process().begin()
    await made.looks()
    return made


async def test_one_begins_when_it_is_due_whatever_number_of_processes_look(keeping: Keeping) -> None:
    keeping.world.now += WEEK - timedelta(seconds=1)
    await keeping.looks(2)
    assert await keeping.runs() == []
    keeping.world.now += timedelta(seconds=1)
    await keeping.looks(3)
    [run] = await keeping.runs()
    assert (run.command, run.waits_for_approval) == ("drill", True)
    keeping.world.now += AGAIN
    await keeping.looks(3)
    assert [each.id for each in await keeping.runs()] == [run.id]
    await keeping.drilling.approved(run.id)
    await keeping.looks()
    keeping.world.now += DAY
    await keeping.looks()
    assert [each.status for each in await keeping.runs()] == [Status.SUCCEEDED]


async def test_one_that_was_due_while_nobody_was_there_begins_once(keeping: Keeping) -> None:
    keeping.world.now += 3 * WEEK
    await keeping.process().begin()
    await keeping.looks(2)
    assert len(await keeping.runs()) == 1


async def test_one_that_nobody_approves_is_tried_again_a_day_later_and_is_overdue_by_then(keeping: Keeping) -> None:
    keeping.world.now += WEEK
    await keeping.looks()
    keeping.world.later(minutes=31)
    await keeping.looks()
    [run] = await keeping.runs()
    assert run.status is Status.EXPIRED
    keeping.world.now += DAY
    await keeping.looks()
    assert [each.id for each in await keeping.runs()][:1] == [run.id]
    assert len(await keeping.runs()) == 2
    [name] = (await keeping.drilling.drills()).findings
    found = await keeping.drilling.finding(name)
    assert (found.severity, found.title, found.action) == ("S3", "Drill overdue", "Begin one.")
    assert found.what == (
        "None has ended well, and they are wanted since 24 Nov 10:00 UTC; one is due every 7 days.",
        f"The last one, {run.id}, was not approved in time: Nobody approved it in time. Nothing was changed. "
        "Ask again when an approver is there.",
        "So nobody knows how long the way back takes here. Begin one: `/drill api staging`, or "
        "`opsbot drill api staging`.",
    )
    second = (await keeping.runs())[-1]
    await keeping.drilling.approved(second.id)
    mended = (await keeping.drilling.finding(name)).mended
    assert mended == f"{second.id} took staging forward to v3 and back in 1 s."


async def test_what_keeps_it_from_beginning_is_said_and_it_begins_when_that_is_over(keeping: Keeping) -> None:
    world = keeping.world
    await world.hears(asks.Lock("api", "staging", "A demo."), ALEX)
    world.now += WEEK + DAY
    await keeping.looks()
    [name] = (await keeping.drilling.drills()).findings
    assert "locked deploys of api to staging" in (await keeping.drilling.finding(name)).what[1]
    assert await keeping.runs() == []
    await world.hears(asks.Unlock("api", "staging"), ALEX)
    world.now += AGAIN
    await keeping.looks()
    assert len(await keeping.runs()) == 1


async def test_where_the_catalogue_names_no_time_none_begins(world: World) -> None:
    keeping = Keeping(world)
    await keeping.drilling.good("v1")
    await keeping.process().begin()
    world.now += 10 * WEEK
    await keeping.looks()
    assert (await keeping.runs(), (await keeping.drilling.drills()).findings) == ([], ())


async def test_what_the_catalogue_no_longer_wants_is_overdue_no_more(keeping: Keeping) -> None:
    keeping.world.now += WEEK + DAY
    await keeping.looks()
    keeping.world.later(minutes=31)
    await keeping.looks()
    [name] = (await keeping.drilling.drills()).findings
    other = Keeping(keeping.world)
    await other.process().begin()
    await other.looks()
    assert (await keeping.drilling.finding(name)).mended == (
        "No drill is due here by itself any more: the catalogue says so."
    )
