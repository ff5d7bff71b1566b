"""The incident record that a run's checklist asks for: opened once, told what comes of the run, ended by lessons."""

from dataclasses import dataclass

import psycopg
import pytest

from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from runbooks.steps.incident_record import IncidentRecord
from runbooks.store import LeaseLost
from runbooks.vocabulary import OPSBOT, Failed, Outcome
from tests.engine.world import ALEX, RILEY, SAM, World
from tests.fixtures.store import StoreDatabase
from tests.incidents.records import LEARNED, finding, incident, recorded, with_records


async def test_a_planned_rollback_opens_its_record_in_the_commit_of_its_line(
    world: World, store_database: StoreDatabase
) -> None:
    run = await recorded(world)
    found = await incident(world, run.replace("R-", "I-"))
    assert (found.severity, found.title, found.run, found.findings) == ("S3", "Planned rollback to v1", run, ())
    assert (found.requester, found.workers, found.opened_by) == (ALEX, (ALEX,), OPSBOT)
    assert world.outside.effects == []
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        cursor = await connection.execute(
            "select stream, xmin::text from events where stream = %(incident)s and version = 1 union "
            "select stream, xmin::text from events where stream = %(run)s and data like '%%I-1 opened%%'",
            {"incident": f"incident/{found.id}", "run": f"run/{run}"},
        )
        rows = await cursor.fetchall()
    assert (len(rows), len({commit for _, commit in rows})) == (2, 1)


@dataclass
class CutOff(IncidentRecord):
    """Asked, and the process gone before it could say so."""

    times: int = 0

    async def start(self, turn: Turn) -> Outcome:
        self.times += 1
        if self.times == 1:
            raise LeaseLost("the process is gone")
        return await super().start(turn)


async def test_asked_again_after_a_cut_it_is_the_same(world: World) -> None:
    step = CutOff()
    with_records(world, step)
    with pytest.raises(LeaseLost):
        await recorded(world)
    world.later(minutes=5)  # until the lease lapses
    await world.works()
    assert step.times == 2
    assert [stream for stream, _ in await world.store.latest("incident/", 9)] == ["incident/I-1"]
    assert [entry.what for entry in (await incident(world, "I-1")).entries] == ["opened"]


async def test_lessons_written_in_the_record_end_the_rollback(world: World) -> None:
    run = await recorded(world)
    await world.approves(run, SAM)
    await world.works()
    assert (world.outside.knob, (await world.run(run)).status) == ("v1", Status.RUNNING)
    assert (await world.hears(asks.Resolve("I-1", "It is back."), ALEX)).refused == "lessons-missing"
    assert (await world.hears(asks.Resolve("I-1", "It is back.", LEARNED), SAM)).did == "resolved"
    ended, found = await world.run(run), await incident(world, "I-1")
    assert (ended.status, ended.steps["learned-later"].choice_by) == (Status.SUCCEEDED, SAM)
    assert [entry.what for entry in found.entries] == ["opened", "way-back-ended", "resolved", "lessons-written"]
    assert found.lessons == LEARNED


async def test_lessons_written_before_their_line_leave_it_to_a_person(world: World) -> None:
    run = await recorded(world)
    await world.hears(asks.Resolve("I-1", "It will be back.", LEARNED), ALEX)
    await world.approves(run, SAM)
    await world.works()
    assert (await world.run(run)).status is Status.RUNNING
    assert (await world.hears(asks.Answer(run, "learned-later", "done"), ALEX)).did == "answered"
    assert (await world.run(run)).status is Status.SUCCEEDED


async def test_a_rollback_that_changed_nothing_closes_its_record(world: World) -> None:
    run = await recorded(world)
    await world.hears(asks.Reject(run, (await world.run(run)).digest), SAM)
    await world.works()
    found = await incident(world, "I-1")
    assert found.resolved is not None
    assert (found.resolved.by, found.resolved.text, found.lessons) == (OPSBOT, f"{run} changed nothing.", None)
    assert [entry.what for entry in found.entries] == ["opened", "way-back-ended", "resolved"]


async def test_one_that_fails_half_way_makes_its_record_worse(world: World) -> None:
    run = await recorded(world)
    world.outside.answers = [Failed("The knob is stuck.")]
    await world.approves(run, SAM)
    await world.works()
    found, raised = await incident(world, "I-1"), await finding(world, f"{run}.rollback-failed")
    assert (found.severity, found.findings, found.resolved) == ("S1", (raised.id,), None)
    assert raised.incident == "I-1"


async def test_an_emergency_that_takes_its_place_is_told_in_its_record(world: World) -> None:
    await recorded(world)
    good = (await world.release()).known_good
    assert good is not None
    reply = await world.hears(asks.RollBack("api", "production", shown=target_digest(good)), ALEX)
    await world.works()
    for _ in range(2):
        found = await incident(world, "I-1")
        assert found.resolved is None, "its lessons are still to be written"
        assert [entry.way_back.run for entry in found.entries if entry.way_back] == ["R-1", reply.facts["run"]]
        await world.hears(asks.Answer(str(reply.facts["run"]), "learned", "done"), ALEX)


async def test_lessons_of_a_failed_deploy_end_the_rollback_that_went_by_itself(world: World) -> None:
    await world.adopted("v1")
    deploy = await world.at_the_gate()
    await world.approves(deploy)
    world.outside.answers = [Failed("New pods crash.")]
    await world.works()
    assert (await world.run("R-1")).status is Status.RUNNING
    back = (await finding(world, "D-1.deploy-failed")).way_back
    assert back is not None
    assert (back.stands, (await world.run(deploy)).way_back) == (True, back), (
        "told when it stands, before the lessons"
    )
    assert (await world.hears(asks.Resolve("I-1", "v1 serves again.", LEARNED), RILEY)).did == "resolved"
    assert (await finding(world, "D-1.deploy-failed")).way_back == back
    ended = await world.run("R-1")
    assert (ended.status, ended.steps["learned"].choice_by) == (Status.SUCCEEDED, RILEY)
