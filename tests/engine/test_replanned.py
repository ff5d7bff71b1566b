"""A plan that is made again before its first change, through the engine: what runs was tested and approved."""

from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.runs.state import Status
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.vocabulary import Done, Outcome
from tests.engine.world import ALEX, DEPLOY, SAM, World

MOVED = "b" * 40
TESTS = "- [ ] All tests pass\n  ```step\n  id: tests\n  uses: suite\n  ```\n"


class Suite(Step):
    """The tests of the commit that is planned; counts the commits they ran on."""

    uses = "suite"

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def resolve(self, params: Params, site: Site) -> Resolved:  # its commit is all it needs
        return Resolved({"image": f"registry.example/api:{site.commit[:7]}"})

    async def start(self, turn: Turn) -> Outcome:
        self.ran.append(turn.site.commit)
        return Done("12 passed", {"tests": True})


def deploys_by(world: World, text: str) -> None:
    known = {uses: step.params for uses, step in world.steps.items()}
    world.shelf.documents["deploy"] = parse(text, path="deploy.md", known=known)


async def test_what_is_deployed_is_what_was_tested(world: World) -> None:
    suite = Suite()
    world.steps["suite"] = suite
    deploys_by(world, DEPLOY.replace("- [ ] Told", f"{TESTS}- [ ] Told"))
    run_id = await world.at_the_gate()
    world.source.moved["v2"] = MOVED
    await world.approves(run_id)
    await world.works()
    run = await world.run(run_id)
    assert suite.ran == ["2" * 40, MOVED]
    assert run.current is not None
    assert run.current.id == "told-everybody", "what people said was said of another commit"
    await world.ticks(run_id)
    await world.works()
    assert world.outside.effects == []
    await world.approves(run_id, SAM)
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.plan and run.plan.commit) == (Status.SUCCEEDED, MOVED)


async def test_a_version_that_moved_while_people_waited_behind_the_approval_is_not_deployed(world: World) -> None:
    deploys_by(world, DEPLOY.replace("## Deploy\n", "## Deploy\n- [ ] Wait for the window\n"))
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    await world.works()
    world.source.moved["v2"] = MOVED
    world.later(minutes=20)
    await world.ticks(run_id, "wait-for-the-window")
    await world.works()
    run = await world.run(run_id)
    assert (run.status, run.approvals_wanted, world.outside.effects) == (Status.RUNNING, 1, [])
    assert run.difference[0] == "commit 2222222 is now bbbbbbb"


def wants(world: World, count: int) -> None:
    """The catalogue asks for so many approvals by now."""
    raw = world.catalogue.model_dump()
    raw["services"]["api"]["environments"]["production"]["approval"] = {"group": "sre", "count": count}
    world.catalogue = Catalogue.model_validate(raw)
    world.use(world.store)


async def test_a_quorum_that_was_raised_meanwhile_counts_for_what_waits(world: World) -> None:
    run_id = await world.at_the_gate()
    wants(world, 2)
    await world.approves(run_id)
    await world.works()
    run = await world.run(run_id)
    assert (run.approvals_wanted, world.outside.effects) == (2, [])
    assert run.difference == ("2 approvals of sre are wanted, not 1 of sre",)
    await world.approves(run_id, ALEX)
    await world.works()
    assert (await world.run(run_id)).waits_for_approval
    await world.approves(run_id, SAM)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED


async def test_a_quorum_that_was_lowered_meanwhile_lets_nobody_past_who_was_to_wait(world: World) -> None:
    wants(world, 2)
    run_id = await world.at_the_gate()
    wants(world, 1)
    await world.approves(run_id)
    await world.works()
    assert (await world.run(run_id)).waits_for_approval
    await world.approves(run_id, SAM)
    await world.works()
    assert (await world.run(run_id)).status is Status.SUCCEEDED
