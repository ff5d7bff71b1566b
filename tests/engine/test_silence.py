"""What does not answer for minutes: said on the card as it is, and once in a finding."""

from runbooks.engine.draft import Draft
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.runs.commands import Note
from runbooks.runs.state import Status
from runbooks.vocabulary import Failed, Unreachable
from tests.engine.world import World

LINE = "The cluster main does not answer; trying again"


async def findings(world: World) -> list[Finding]:
    return [finding for _, finding in await world.store.latest("finding/", 9)]


async def waiting(world: World, minutes: int) -> str:
    """A deploy whose step asks a silent cluster so long."""
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [Unreachable("The cluster main") for _ in range(99)]
    for _ in range(minutes):
        await world.works()
        world.later(minutes=1)
    await world.works()
    return run_id


async def test_silence_is_not_called_an_interruption(world: World) -> None:
    run_id = await waiting(world, 2)
    run = await world.run(run_id)
    assert (run.steps["knob"].progress, run.notes) == (LINE, ())
    assert await findings(world) == []


async def test_silence_that_lasts_is_one_finding(world: World) -> None:
    run_id = await waiting(world, 9)
    [found] = await findings(world)
    assert (found.id, found.name, found.what) == (
        f"{run_id}.no-answer",
        "no-answer-midway",
        (
            "The cluster main has not answered for 5 minutes.",
            f"“Turn the knob” of {run_id} waits for it, and goes on by itself when it answers. "
            "The change has begun; how far it came is not known while there is no answer.",
        ),
    )
    world.outside.answers = []
    world.later(minutes=1)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
    [found] = await findings(world)
    assert (found.severity, found.mended) == ("S2", f"{run_id} waits for it no more.")


async def test_the_silence_that_keeps_a_rollback_up_joins_the_incident_of_what_failed(world: World) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate("v2")
    await world.approves(run_id)
    world.outside.answers = [Failed("New pods crash."), *(Unreachable("The cluster main") for _ in range(99))]
    for _ in range(9):
        await world.works()
        world.later(minutes=1)
    name, back = run_id.replace("D-", "incident/I-"), run_id.replace("D-", "R-")
    [found] = [each for each in await findings(world) if each.run == back]
    assert (found.severity, found.title) == ("S2", "No answer amid a change or a rollback")
    assert found.action == "Find out why it does not answer, now. Create incident."
    assert found.incident == name.partition("/")[2]
    incident: Incident = (await world.store.read([name])).streams[name].state
    assert incident.findings == (f"{run_id}.deploy-failed", f"{back}.no-answer")


async def test_a_plan_that_waits_for_what_is_silent_is_a_finding_too(world: World) -> None:
    world.source.silent = True
    run_id = await world.deploys()
    for _ in range(6):
        await world.works()
        world.later(minutes=1)
    [found] = await findings(world)
    assert found.what == (
        "The source repository has not answered for 5 minutes.",
        f"The plan of {run_id} waits for it, and goes on by itself when it answers. Nothing was changed.",
    )
    assert (found.severity, found.action) == ("S3", "Find out why it does not answer.")
    world.source.silent = False
    await world.works()
    assert (await findings(world))[0].mended == f"{run_id} waits for it no more."


async def test_a_step_that_took_long_and_meets_a_short_silence_is_none(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.turning = True
    for _ in range(9):
        await world.works()
        world.later(minutes=1)
    world.outside.answers = [Unreachable("The cluster main")]
    await world.works()
    assert (await world.run(run_id)).steps["knob"].progress == LINE
    assert await findings(world) == []


async def test_two_short_silences_are_no_long_one(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.turning = True
    await world.works()
    for answers in ([Unreachable("The cluster main")], [], [], [Unreachable("The cluster main")]):
        world.outside.answers = [*answers]
        world.later(minutes=3)
        await world.works()
        assert (await world.run(run_id)).steps["knob"].progress == (LINE if answers else "")
    assert await findings(world) == []


async def test_what_was_silent_before_is_found_when_it_is_again(world: World) -> None:
    world.source.silent = True
    run_id = await world.deploys()
    await world.works()
    world.source.silent = False
    world.later(minutes=1)
    await world.works()
    await world.ticks(run_id)
    await world.works()
    await world.approves(run_id)
    world.source.silent = True  # while the plan is made again
    for _ in range(6):
        world.later(minutes=1)
        await world.works()
    run = await world.run(run_id)
    assert run.notes == ("The source repository does not answer; trying again.",)
    assert [found.id for found in await findings(world)] == [f"{run_id}.no-answer"]


async def test_a_note_amid_a_silence_does_not_hide_it(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.turning = True
    await world.works()
    world.outside.answers = [Unreachable("The cluster main") for _ in range(99)]
    world.later(minutes=1)
    await world.works()
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    await draft.apply(f"run/{run_id}", Note("Somebody says something."))
    await world.store.commit(draft.changes())
    for _ in range(9):
        world.later(minutes=1)
        await world.works()
    assert [found.id for found in await findings(world)] == [f"{run_id}.no-answer"]
