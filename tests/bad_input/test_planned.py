"""A rollback without hurry: what it waits for, what it is refused for, and that an emergency does not wait for it."""

import pytest

from commands.rollback import NOT_UNDERSTOOD, without_hurry
from runbooks.catalogue import Catalogue
from runbooks.documents.runbook import Runbook
from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.vocabulary import Actor, Failed
from tests.bad_input.conftest import Refusal
from tests.bad_input.desk import Desk, shown
from tests.engine.world import ALEX, CATALOGUE, OUTSIDER, RILEY, SAM, Shelf

TEN = "at <!date^1795514400^{time}|10:00 UTC>"


async def begun(desk: Desk) -> str:
    """A planned rollback to v1 that waits for its first lines."""
    await desk.world.adopted("v1")
    assert "R-1 started: the planned rollback" in await desk.types("/rollback api planned", ALEX)
    await desk.world.works()
    return "R-1"


async def at_its_gate(desk: Desk) -> str:
    """The same, with its first lines ticked: it waits for an approval."""
    run_id = await begun(desk)
    for step in ("read-how", "told-them"):
        assert (await desk.world.hears(asks.Answer(run_id, step, "done"), SAM)).did == "answered"
        await desk.world.works()
    assert (await desk.world.run(run_id)).waits_for_approval
    return run_id


@pytest.mark.parametrize(
    ("typed", "rest"),
    [
        ("api planned", ["api"]),
        ("PLANNED api", ["api"]),
        ("api production to v1 Planned", ["api", "production", "to", "v1"]),
        ("planned api to planned", ["api", "to", "planned"]),
        ("api to planned", None),
        ("api production", None),
        ("planned", []),
        ("", None),
    ],
)
def test_the_word_stands_first_or_last_but_a_version_may_be_called_that(typed: str, rest: list[str] | None) -> None:
    assert without_hurry(typed.split()) == rest


async def test_it_changes_nothing_before_its_lines_and_its_approval_and_ends_with_the_lessons(desk: Desk) -> None:
    desk.world.outside.knob = "v2"
    run_id = await at_its_gate(desk)
    card = await desk.card(run_id)
    assert "R-1 · planned" in shown(card)
    assert desk.world.outside.effects == []
    said = await desk.clicks(card, "Approve", ALEX)
    assert said == (False, "Not approved. You asked for this rollback, so somebody else of @sre must approve it.")
    assert (await desk.clicks(card, "Approve", SAM))[0]
    await desk.world.works()
    assert (desk.world.outside.effects, desk.world.outside.knob) == (["R-1/slowly"], "v1")
    assert (await desk.world.run(run_id)).status is Status.RUNNING
    assert (await desk.clicks(await desk.card(run_id), "Done", ALEX))[0]
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.SUCCEEDED


async def test_it_is_told_in_a_sentence_what_it_waits_for(desk: Desk) -> None:
    await desk.world.adopted("v1")
    assert await desk.types("/rollback planned api production to v1", ALEX) == (
        "R-1 started: the planned rollback of api in production to v1. Its first lines are for people; nothing "
        "changes before it is approved by @sre."
    )


async def test_it_does_not_start_while_a_deploy_is_under_way(desk: Desk, refused: Refusal) -> None:
    await desk.world.adopted("v1")
    await desk.world.at_the_gate("v2")
    said = await refused(desk.types("/rollback api planned", ALEX))
    assert said == (
        f"Not started. D-1 is deploying api to production (v2, asked by <@URILEY> {TEN}). Wait for it, or abort it "
        "on its card or with `/deploy abort D-1`."
    )


async def test_a_deploy_and_another_of_its_kind_wait_for_it(desk: Desk, refused: Refusal) -> None:
    await begun(desk)
    for line in ("/deploy api v3", "/rollback api planned"):
        said = await refused(desk.types(line, ALEX))
        assert said.startswith("Not started. R-1 is rolling back api in production to v1 (asked by <@UALEX>"), line


async def test_an_emergency_ends_it(desk: Desk) -> None:
    run_id = await begun(desk)
    offered = await desk.offered("/rollback api")
    assert "R-1 will be stopped first, before its next step" in shown(offered)
    said = await desk.clicks(offered, "Roll back now", SAM)
    assert said == (True, "R-2 started: api in production goes back to v1. Stopped for it: R-1.")
    await desk.world.works()
    assert (await desk.world.run(run_id)).status is Status.SUPERSEDED
    assert desk.world.outside.effects == ["R-2/unknob"]


async def test_an_emergency_is_not_ended_by_a_planned_one(desk: Desk, refused: Refusal) -> None:
    await desk.world.adopted("v1")
    desk.world.outside.turning = True
    await desk.clicks(await desk.offered("/rollback api"), "Roll back now", SAM)
    await desk.world.works()
    said = await refused(desk.types("/rollback api planned", ALEX))
    assert said.startswith("Not started. R-1 is rolling back api in production to v1")


async def test_a_lock_holds_deploys_but_no_way_back(desk: Desk) -> None:
    await desk.types("/deploy lock api the release is bad", ALEX)
    assert await begun(desk) == "R-1"


@pytest.mark.parametrize(
    ("line", "by", "says"),
    [
        ("/rollback api planned", OUTSIDER, "Not started. To roll back here you must be in @sre. Ask one of them."),
        ("/rollback api planned", RILEY, "Not started. To roll back here you must be in @sre. Ask one of them."),
        ("/rollback planned", ALEX, NOT_UNDERSTOOD),
        ("/rollback planned api production v1", ALEX, NOT_UNDERSTOOD),
        (
            "/rollback api to v7 planned",
            ALEX,
            "Not started. v7 was never recorded as good for api in production. Recorded: v1. Another version goes by "
            "`/deploy`.",
        ),
        (
            "/rollback apy planned",
            ALEX,
            "There is no service “apy”. Did you mean api? Nothing was started.",
        ),
    ],
)
async def test_what_is_not_started(desk: Desk, refused: Refusal, line: str, by: Actor, says: str) -> None:
    await desk.world.adopted("v1")
    assert await refused(desk.types(line, by)) == says


async def test_nothing_is_known_to_be_good(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types("/rollback api planned", ALEX))
    assert said.startswith("Not started. No last known good is recorded for api in production.")


class WithoutPlanned(Shelf):
    """A team whose document for rollbacks knows only emergencies."""

    def runbook(self, runbook_id: str) -> Runbook:
        if runbook_id == "back/planned":
            raise KeyError(runbook_id)
        return super().runbook(runbook_id)


async def test_a_document_without_such_a_part(desk: Desk, refused: Refusal) -> None:
    world = desk.world
    await world.adopted("v1")
    world.reception = type(world.reception)(
        world.store, world.catalogue, world.members, lambda: world.now, WithoutPlanned(world.steps)
    )
    said = await refused(desk.types("/rollback api planned", ALEX))
    assert said == (
        "Not started. The document “back” has no part for planned rollbacks: name one as `planned` under `modes` in "
        "its front matter. In an emergency: `/rollback SERVICE`, without the word “planned”."
    )


async def test_a_service_that_names_the_emergency_part_has_the_planned_one_too(desk: Desk) -> None:
    api = CATALOGUE["services"]["api"]
    named = {**api, "runbooks": {"deploy": "deploy", "rollback": "back/emergency"}}
    desk.world.catalogue = Catalogue.model_validate({**CATALOGUE, "services": {"api": named}})
    desk.world.use(desk.world.store)
    assert await begun(desk) == "R-1"


async def test_one_that_failed_before_it_changed_anything_raises_no_finding(desk: Desk) -> None:
    run_id = await at_its_gate(desk)
    await desk.types(f"/deploy abort {run_id}", SAM)
    await desk.world.works()
    assert "Nothing was changed" in shown(await desk.card(run_id))
    assert await desk.world.store.latest("finding/", 10) == []


async def test_one_that_failed_half_way_raises_one(desk: Desk) -> None:
    run_id = await at_its_gate(desk)
    desk.world.outside.answers = [Failed("The knob is stuck.")]
    await desk.clicks(await desk.card(run_id), "Approve", SAM)
    await desk.world.works()
    assert [name for name, _ in await desk.world.store.latest("finding/", 10)] == [
        f"finding/{run_id}.rollback-failed"
    ]


async def test_to_ask_again_names_the_same_command(desk: Desk) -> None:
    run_id = await begun(desk)
    card = await desk.card(run_id)
    await desk.types(f"/deploy abort {run_id}", SAM)
    await desk.world.works()
    accepted, said = await desk.clicks(card, "Abort", SAM)
    assert not accepted
    assert said == (
        f"This card has moved on: R-1 was aborted by <@USAM> {TEN}. Nothing was done. "
        "To ask again: `/rollback api production to v1 planned`."
    )
