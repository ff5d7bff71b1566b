"""An emergency rollback that people ask for has an incident of its own, or joins the one of what it takes back."""

from copy import deepcopy

import psycopg
import pytest

from commands.views.messages import messages, streams_seen
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.vocabulary import OPSBOT, Failed, Severity
from tests.engine.world import ALEX, CATALOGUE, RILEY, SAM, World
from tests.fixtures.store import StoreDatabase
from tests.incidents.records import LEARNED, finding, incident, with_records


async def rolls_back(world: World) -> str:
    """Alex takes production back to v1, by hand. The run."""
    return str((await world.rolls_back()).facts["run"])


async def failed(world: World, *then: Failed) -> None:
    """D-1 fails, and people are asked whether to go back."""
    catalogue = deepcopy(CATALOGUE)
    catalogue["services"]["api"]["environments"]["production"]["on-failure"] = "ask"
    world.catalogue = Catalogue.model_validate(catalogue)
    with_records(world)
    await world.adopted("v1")
    await world.approves(await world.at_the_gate())
    world.outside.answers = [Failed("New pods crash."), *then]
    await world.works()


async def asks_for_lessons(world: World, run: str) -> bool:
    """Whether the run's card opens the form of its incident, in place of a bare tick."""
    state = await world.run(run)
    seen = (await world.store.read(streams_seen(state))).streams
    said = str(messages(world.catalogue, state, lambda name: seen[name].state))
    return "Write lessons" in said and "Waits for what was learned to be written down by @sre" in said


async def test_of_a_healthy_release_it_opens_one_of_its_own_with_its_start(
    world: World, store_database: StoreDatabase
) -> None:
    await world.adopted("v1")
    world.outside.knob = "v2"
    run = await rolls_back(world)
    found = await incident(world, run.replace("R-", "I-"))
    assert (found.severity, found.title, found.run, found.workers) == ("S2", "Emergency rollback to v1", run, (ALEX,))
    assert found.opened_by == OPSBOT
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        cursor = await connection.execute(
            "select distinct xmin::text from events where version = 1 and stream = any(%(streams)s)",
            {"streams": [f"incident/{found.id}", f"run/{run}"]},
        )
        assert len(await cursor.fetchall()) == 1
    await world.works()
    assert (world.outside.knob, (await world.run(run)).status) == ("v1", Status.RUNNING), "its lessons are left"
    assert await asks_for_lessons(world, run)
    assert (await world.hears(asks.Resolve(found.id, "v1 serves.", LEARNED), SAM)).did == "resolved"
    ended, told = await world.run(run), await incident(world, found.id)
    assert (ended.status, ended.steps["learned"].choice_by) == (Status.SUCCEEDED, SAM)
    assert [entry.what for entry in told.entries] == ["opened", "way-back-ended", "resolved", "lessons-written"]


async def test_after_a_failed_deploy_that_asked_it_joins_its_incident_which_ends_it(world: World) -> None:
    await failed(world)
    run = await rolls_back(world)
    assert run != "R-1"
    await world.works()
    found = await incident(world, "I-1")
    assert [stream for stream, _ in await world.store.latest("incident/", 9)] == ["incident/I-1"]
    assert [entry.what for entry in found.entries] == ["opened", "way-back-began", "way-back-ended"]
    assert found.entries[1].text == f"{run} goes back to v1"
    assert ((await world.run(run)).incident, found.rollback, found.workers) == ("I-1", run, (ALEX,))
    assert await asks_for_lessons(world, run)
    assert (await world.hears(asks.Resolve("I-1", "v1 serves again.", LEARNED), RILEY)).did == "resolved"
    ended = await world.run(run)
    assert (ended.status, ended.steps["learned"].choice_by) == (Status.SUCCEEDED, RILEY)


async def test_one_that_fails_makes_the_incident_that_it_joined_worse(world: World) -> None:
    await failed(world, Failed("The knob is stuck."))
    run = await rolls_back(world)
    await world.works()
    found = await incident(world, "I-1")
    assert (found.severity, found.findings[-1]) == ("S1", f"{run}.rollback-failed")
    again = await rolls_back(world)
    await world.works()
    assert ((await world.run(again)).incident, (await incident(world, "I-1")).rollback) == ("I-1", again)
    assert (await finding(world, "D-1.deploy-failed")).way_back is not None


async def test_one_that_changed_nothing_closes_its_own(world: World) -> None:
    await world.adopted("v1")
    run = await rolls_back(world)
    await world.hears(asks.Abort(run), ALEX)
    await world.works()
    found = await incident(world, run.replace("R-", "I-"))
    assert found.resolved is not None
    assert (found.resolved.by, found.resolved.text) == (OPSBOT, f"{run} changed nothing.")


@pytest.mark.parametrize("resolved", [True, False])
async def test_an_incident_that_is_over_is_joined_no_more(world: World, resolved: bool) -> None:
    await failed(world)
    if resolved:
        await world.hears(asks.Resolve("I-1", "Nobody uses it.", LEARNED), SAM)
    run = await rolls_back(world)
    own = await incident(world, run.replace("R-", "I-"))
    assert (own.opened, (await world.run(run)).incident) == ((True, "") if resolved else (False, "I-1"))


async def test_lessons_of_an_incident_that_was_opened_again_are_not_those_of_the_next_rollback(world: World) -> None:
    await failed(world, Failed("The knob sticks."))
    await rolls_back(world)
    await world.hears(asks.Resolve("I-1", "It was nothing.", LEARNED), ALEX)
    await world.works()  # it fails, which opens the incident again
    run = await rolls_back(world)
    await world.works()
    assert (await incident(world, "I-1")).goes_on
    assert await asks_for_lessons(world, run)
    state = await world.run(run)
    seen = (await world.store.read(streams_seen(state))).streams
    told = messages(world.catalogue, state, lambda name: seen[name].state)
    assert f"run/{run}/lessons" not in [message.key for message in told]


async def declared(world: World) -> str:
    reply = await world.hears(asks.Declare("api", "", "Orders are lost", Severity.S3), SAM)
    return str(reply.facts["incident"])


async def test_one_of_a_place_that_people_declared_one_for_joins_it_which_ends_it(world: World) -> None:
    await world.adopted("v1")
    world.outside.knob = "v2"
    name = await declared(world)
    run = await rolls_back(world)
    await world.works()
    found = await incident(world, name)
    assert [stream for stream, _ in await world.store.latest("incident/", 9)] == [f"incident/{name}"]
    assert [entry.what for entry in found.entries] == ["opened", "taken-on", "way-back-began", "way-back-ended"]
    assert (found.severity, found.rollback, found.workers) == ("S2", run, (SAM, ALEX))
    assert await asks_for_lessons(world, run)
    assert (await world.hears(asks.Resolve(name, "v1 serves again.", LEARNED), SAM)).did == "resolved"
    assert (await world.run(run)).status is Status.SUCCEEDED


async def test_an_incident_that_people_declared_and_that_is_over_is_joined_no_more(world: World) -> None:
    await world.adopted("v1")
    name = await declared(world)
    assert (await world.hears(asks.Resolve(name, "It was the network."), SAM)).did == "resolved"
    run = await rolls_back(world)
    assert ((await world.run(run)).incident, (await incident(world, run.replace("R-", "I-"))).opened) == ("", True)


async def test_the_incident_of_what_it_takes_back_goes_before_one_that_people_declared(world: World) -> None:
    await failed(world)
    await declared(world)
    assert (await world.run(await rolls_back(world))).incident == "I-1"
