"""When a step of a changed place fails, somebody looks what changed; the failure itself does not depend on it."""

from dataclasses import replace

from runbooks.commits import Commit, Commits
from runbooks.engine.advance import is_worth_a_look
from runbooks.runs.state import Run, Status
from runbooks.steps.base import Turn
from runbooks.vocabulary import Failed, Then
from tests.commands.stages import Stages
from tests.engine.world import World


def looking(world: World) -> list[str]:
    """From now on somebody looks; answers the steps for which that was asked."""
    asked: list[str] = []

    async def look(turn: Turn, failed: Failed) -> Failed:
        asked.append(turn.key)
        return replace(failed, evidence={**failed.evidence, "suspects": {"since": "token: hidden-from-all"}})

    world.engine = replace(world.engine, suspecting=look)
    return asked


async def failed(world: World) -> Run:
    await world.adopted()
    run_id = await world.at_the_gate()
    world.outside.answers = [Failed("It does not turn.")]
    await world.approves(run_id)
    await world.works()
    return await world.run(run_id)


async def test_a_failure_after_a_change_is_looked_into_once_and_told_without_secrets(world: World) -> None:
    asked = looking(world)
    run = await failed(world)
    assert run.status is Status.FAILED
    assert asked == [f"{run.id}/knob"]
    assert run.evidence["knob"]["suspects"] == {"since": "token: [redacted]"}
    (finding,) = (await world.store.read([f"finding/{run.id}.deploy-failed"])).streams.values()
    assert finding.state.suspects.seen.since == "token: [redacted]"


def test_only_what_fails_a_run_that_has_changed_its_place_is_looked_into() -> None:
    before, after = Stages().deploying().judged().run, Stages().deploying().changing().run
    assert after.plan is not None
    step = after.plan.step("rollout")
    passes = replace(step, on_failure=replace(step.on_failure, then=Then.GO_ON))
    assert [is_worth_a_look(*each) for each in ((before, step), (after, step), (after, passes))] == [
        False,
        True,
        False,
    ]


async def test_without_anybody_who_looks_it_fails_as_it_does(world: World) -> None:
    run = await failed(world)
    assert run.reason == "It does not turn."
    assert run.evidence["knob"] == {}


async def test_what_commits_say_is_kept_without_secrets(world: World) -> None:
    said = Commit("a8005c2", "Ada", "Use password=hunter2-hunter2")
    world.source.commits = Commits(1, ("Ada",), 0, (said,), "1" * 40)
    await world.adopted()
    run_id = await world.deploys()
    await world.works()
    plan = (await world.run(run_id)).plan
    assert plan is not None
    assert plan.brings is not None
    assert plan.brings.latest[0].subject == "Use password=[redacted]"
