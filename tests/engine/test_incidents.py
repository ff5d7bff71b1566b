"""Incidents on the real store: opened in the finding's commit, joined by what follows, ended by people."""

from datetime import date

import psycopg

from runbooks.engine import asks
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident, Lessons
from runbooks.vocabulary import Failed, Severity
from tests.engine.test_way_back import failing, finding, works_until_aborted
from tests.engine.world import ALEX, OUTSIDER, RILEY, World
from tests.fixtures.store import StoreDatabase

LEARNED = Lessons("It broke.", "The rollback.", "A test.", ALEX, date(2026, 12, 1))


async def incident(world: World, name: str) -> Incident:
    found: Incident = (await world.store.read([f"incident/{name}"])).streams[f"incident/{name}"].state
    return found


def number(run_id: str) -> str:
    return run_id.replace("D-", "I-")


async def test_a_failed_deploy_opens_its_incident_in_the_same_commit_and_the_rollbacks_end_joins(
    world: World, store_database: StoreDatabase
) -> None:
    run_id = await failing(world)
    await world.works()
    raised, found = await finding(world, f"{run_id}.deploy-failed"), await incident(world, number(run_id))
    assert (raised.incident, found.findings, found.requester) == (found.id, (raised.id,), RILEY)
    assert [entry.what for entry in found.entries] == ["opened", "way-back-ended"]
    assert found.entries[-1].way_back == raised.way_back
    streams = [f"finding/{raised.id}", f"incident/{found.id}"]
    async with await psycopg.AsyncConnection.connect(store_database.owner_url) as connection:
        cursor = await connection.execute(
            "select distinct xmin::text from events where stream = any(%(streams)s) and version = 1"
            " union select xmin::text from events where stream = %(run)s and data like '%%\"ended\"%%'",
            {"streams": streams, "run": f"run/{run_id}"},
        )
        assert len(await cursor.fetchall()) == 1


async def test_a_rollback_that_fails_makes_the_same_incident_worse(world: World) -> None:
    run_id = await failing(world)
    world.outside.answers.append(Failed("The pods do not come back."))
    await world.works()
    found = await incident(world, number(run_id))
    back = run_id.replace("D-", "R-")
    assert found.findings == (f"{run_id}.deploy-failed", f"{back}.rollback-failed")
    assert (found.severity, found.called_at) == ("S1", "S2")
    assert (await finding(world, f"{back}.rollback-failed")).incident == found.id


async def test_whoever_takes_the_finding_on_works_on_the_incident(world: World) -> None:
    run_id = await failing(world)
    await world.works()
    assert (await world.hears(asks.Acknowledge(f"{run_id}.deploy-failed"), ALEX)).did == "acknowledged"
    assert (await incident(world, number(run_id))).workers == (ALEX,)


async def test_whoever_leads_has_taken_its_findings_on_and_a_second_click_is_answered(world: World) -> None:
    run_id = await failing(world)
    await world.works()
    name = number(run_id)
    assert (await world.hears(asks.Lead(name), OUTSIDER)).refused == "not-allowed"
    assert (await world.hears(asks.Lead(name), ALEX)).did == "leading"
    found = await incident(world, name)
    assert (found.lead, found.workers) == (ALEX, (ALEX,))
    assert (await finding(world, f"{run_id}.deploy-failed")).acknowledged_by == ALEX
    again = await world.hears(asks.Lead(name), ALEX)
    late = await world.hears(asks.Lead(name), RILEY)
    assert (again.refused, late.refused, late.facts["by"]) == ("lead-yours", "lead-taken", ALEX)
    assert await incident(world, name) == found


async def test_a_finding_of_an_abort_gets_its_incident_from_people_once(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    await works_until_aborted(world, run_id)
    name = f"{run_id}.deploy-aborted"
    assert (await finding(world, name)).incident == ""
    refused = await world.hears(asks.OpenIncident(name), OUTSIDER)
    assert refused.refused == "not-allowed"
    assert (await world.hears(asks.OpenIncident(name), ALEX)).facts["incident"] == number(run_id)
    found = await incident(world, number(run_id))
    assert (found.opened_by, found.findings, (await finding(world, name)).incident) == (ALEX, (name,), found.id)
    assert (await world.hears(asks.OpenIncident(name), ALEX)).refused == "incident-already"
    assert (await world.hears(asks.OpenIncident("D-99.deploy-failed"), ALEX)).refused == "no-such-finding"


async def test_a_declared_incident_is_updated_and_resolved_once(world: World) -> None:
    reply = await world.hears(asks.Declare("api", "", "Nothing works", Severity.S2), RILEY)
    name = str(reply.facts["incident"])
    assert (await world.hears(asks.UpdateIncident(name, "Looking."), ALEX)).did == "updated"
    assert (await world.hears(asks.UpdateIncident(name, "x"), OUTSIDER)).refused == "not-allowed"
    assert (await world.hears(asks.Resolve(name, "Over."), ALEX)).refused == "lessons-missing"
    assert (await world.hears(asks.Resolve(name, "Over.", LEARNED), ALEX)).did == "resolved"
    assert (await world.hears(asks.Resolve(name, "Over.", LEARNED), RILEY)).refused == "resolved-already"
    assert (await world.hears(asks.UpdateIncident("I-999", "x"), ALEX)).refused == "no-such-incident"
    found = await incident(world, name)
    assert (found.title, found.environment, found.workers, found.lessons) == (
        "Nothing works",
        "production",
        (RILEY, ALEX),
        LEARNED,
    )


async def test_the_same_declaration_opens_one(world: World) -> None:
    first = await world.hears(asks.Declare("api", "", "Nothing works"), RILEY, key="one")
    again = await world.hears(asks.Declare("api", "", "Nothing works"), RILEY, key="one")
    assert first == again
    assert len(await world.store.latest("incident/", 10)) == 1


async def test_a_finding_that_is_no_failure_opens_none(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [Failed("No script.", finding="migration-without-rollback")]
    await world.works()
    raised: Finding = await finding(world, f"{run_id}.migration-without-rollback")
    assert (raised.severity, raised.incident) == ("S3", "")
    assert not (await incident(world, number(run_id))).opened
