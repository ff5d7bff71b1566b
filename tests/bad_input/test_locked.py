"""A lock on deploys that are asked for already: what waits, what goes on, and what people are told."""

from runbooks.engine.advance import AGAIN
from runbooks.runs.state import Status
from runbooks.steps.base import Turn
from tests.bad_input.desk import Desk, shown
from tests.engine.world import ALEX, RILEY, SAM

TEN = "<!date^1795514400^{time}|10:00 UTC>"
UNLOCK = "`/deploy unlock api production`"


async def locked_at_the_gate(desk: Desk) -> str:
    """A deploy that waits for its approval, under a lock."""
    await desk.world.adopted("v1")
    run_id = await desk.world.at_the_gate("v2")
    assert await desk.types("/deploy lock api the disk is full", ALEX) == (
        f"Locked deploys of api to production: “the disk is full”. {UNLOCK} releases them. "
        f"{run_id} changes nothing before that; its card says so."
    )
    return run_id


async def test_a_deploy_that_is_approved_under_a_lock_waits_for_its_end(desk: Desk) -> None:
    run_id = await locked_at_the_gate(desk)
    card = await desk.card(run_id)
    assert (
        f"🔒 Locked by <@UALEX> at {TEN}: “the disk is full”. Nothing changes before {UNLOCK}; then it goes on by "
        "itself."
    ) in shown(card)
    said = await desk.clicks(card, "Approve", SAM)
    assert said == (True, f"Approved {run_id}. Deploys are locked by <@UALEX>, so it goes on after {UNLOCK}.")
    await desk.world.works()
    version = (await desk.world.store.read([f"run/{run_id}"])).streams[f"run/{run_id}"].version
    desk.world.now += AGAIN
    await desk.world.works()
    assert (await desk.world.store.read([f"run/{run_id}"])).streams[f"run/{run_id}"].version == version
    assert desk.world.outside.effects == []
    assert "🔒 Locked by <@UALEX>" in shown(await desk.card(run_id))


async def test_it_goes_on_by_itself_once_deploys_are_unlocked(desk: Desk) -> None:
    run_id = await locked_at_the_gate(desk)
    await desk.clicks(await desk.card(run_id), "Approve", SAM)
    await desk.world.works()
    assert await desk.types("/deploy unlock api", SAM) == (
        f"Deploys of api to production are unlocked. {run_id} goes on by itself."
    )
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.SUCCEEDED
    assert "🔒" not in shown(await desk.card(run_id))


async def test_it_can_be_aborted_under_the_lock(desk: Desk) -> None:
    run_id = await locked_at_the_gate(desk)
    await desk.types(f"/deploy abort {run_id}", RILEY)
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.ABORTED
    assert "🔒" not in shown(await desk.card(run_id))


async def test_a_lock_in_the_very_moment_of_the_first_change_counts(desk: Desk) -> None:
    """What `Begin` is decided from is read in the commit that records it."""
    await desk.world.adopted("v1")
    run_id = await desk.world.at_the_gate("v2")
    members = desk.world.members.of

    async def asked(group: str) -> object:  # the last thing that is read before the first change begins
        desk.world.members.of = members  # type: ignore[method-assign]  # once
        await desk.types("/deploy lock api the disk is full", ALEX)
        return await members(group)

    await desk.clicks(await desk.card(run_id), "Approve", SAM)
    desk.world.members.of = asked  # type: ignore[method-assign,assignment]  # somebody is faster
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.RUNNING
    assert desk.world.outside.effects == []


async def test_a_deploy_that_changes_already_goes_on_and_the_lock_says_so(desk: Desk) -> None:
    await desk.world.adopted("v1")
    run_id = await desk.world.at_the_gate("v2")
    said: list[str] = []

    async def lock(turn: Turn) -> None:
        desk.world.outside.before = None
        said.append(await desk.types("/deploy lock api the disk is full", ALEX))

    desk.world.outside.before = lock
    await desk.clicks(await desk.card(run_id), "Approve", SAM)
    await desk.world.works()
    assert said == [
        f"Locked deploys of api to production: “the disk is full”. {UNLOCK} releases them. "
        f"{run_id} has begun to change production and goes on; `/deploy abort {run_id}` ends it."
    ]
    assert (await desk.world.run(run_id)).status is Status.SUCCEEDED


async def test_an_emergency_is_not_held(desk: Desk) -> None:
    run_id = await locked_at_the_gate(desk)
    accepted, _ = await desk.clicks(await desk.offered("/rollback api"), "Roll back now", SAM)
    assert accepted
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.SUPERSEDED
    assert desk.world.outside.effects
