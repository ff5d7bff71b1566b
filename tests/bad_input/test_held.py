"""Deploys after an emergency rollback: held until somebody releases them with a reason; what people read of it."""

from typing import Any

import psycopg
import pytest

from commands.release_deploys import SAY_WHY, opens, submit
from commands.views.held import REASON
from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.vocabulary import Actor, Failed
from tests.bad_input.conftest import Refusal
from tests.bad_input.desk import Desk, shown
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM
from tests.fixtures.store import StoreDatabase

TEN = "at <!date^1795514400^{time}|10:00 UTC>"
HELD = "🔒 Deploys to production are held until somebody releases them with a reason."


async def back(desk: Desk, line: str = "/rollback api", by: Actor = ALEX) -> str:
    """An emergency rollback that has ended; its name."""
    _, said = await desk.clicks(await desk.offered(line, by), "Roll back now", by)
    await desk.world.works()
    return said.partition(" ")[0]


async def held(desk: Desk) -> str:
    """The rollback since which deploys are held."""
    await desk.world.adopted("v1")
    await desk.world.at_the_gate("v2")
    run = await back(desk)
    assert (await desk.world.run(run)).status is Status.SUCCEEDED
    return run


class Forms:
    """The one form that is open."""

    def __init__(self) -> None:
        self.view: dict[str, Any] = {}

    async def open(self, trigger: str, view: dict[str, Any]) -> str:
        self.view = view
        return "V1"

    async def update(self, view_id: str, view: dict[str, Any]) -> None:
        raise AssertionError

    async def publish(self, user: str, view: dict[str, Any]) -> None:
        raise AssertionError


async def form(desk: Desk, run: str, by: Actor = ALEX) -> dict[str, Any]:
    """The form behind "Release deploys"."""
    forms = Forms()
    assert await opens(forms, desk.body(await desk.card(run), "Release deploys", by)) == ""
    return forms.view


async def says(desk: Desk, view: dict[str, Any], reason: str, by: Actor = ALEX) -> dict[str, Any]:
    """What Slack is answered when this person submits the form."""
    team, _, user = by.partition("/")
    values = {REASON: {REASON: {"type": "plain_text_input", "value": reason or None}}}
    body = {"trigger_id": f"{user}/{reason}", "user": {"id": user, "team_id": team}}
    return await submit(desk.edge, {**body, "view": {**view, "state": {"values": values}}})


async def test_a_deploy_after_a_rollback_is_refused_with_who_holds_it_and_how_to_release_it(
    desk: Desk, refused: Refusal
) -> None:
    run = await held(desk)
    assert HELD in shown(await desk.card(run))
    assert await refused(desk.types("/deploy api v3")) == (
        f"Not started. Deploys of api to production are held: {run} took production back to v1, {TEN}. Release them "
        f"with a reason: `/deploy unlock api production REASON`, or “Release deploys” on the card of {run}."
    )
    assert await refused(desk.types("/deploy unlock api")) == (
        f"Nothing was changed. Deploys of api to production are held since {run}: "
        "say why they may go on, `/deploy unlock api production REASON`."
    )


async def test_it_is_held_in_the_commit_in_which_the_rollback_ends(desk: Desk, store_database: StoreDatabase) -> None:
    run = await held(desk)
    with psycopg.connect(store_database.owner_url) as owner:
        found = owner.execute(
            "select data::jsonb->>'kind', xmin::text from events"
            " where (stream = %s and data::jsonb->>'kind' = 'ended')"
            " or (stream = 'release/api/production' and data::jsonb->>'kind' in ('locked', 'went-back'))",
            [f"run/{run}"],
        ).fetchall()
    assert sorted(kind for kind, _ in found) == ["ended", "locked", "went-back"]
    assert len({commit for _, commit in found}) == 1


async def test_typed_with_a_reason_it_is_released_and_the_card_says_by_whom(desk: Desk) -> None:
    run = await held(desk)
    assert await desk.types("/deploy unlock api the cause is known", SAM) == (
        f"Deploys of api to production are released, which were held since {run}."
    )
    card = await desk.card(run)
    assert f"🔓 Deploys to production were released by <@USAM> {TEN}: “the cause is known”" in shown(card)
    assert HELD not in shown(card)
    assert "started" in await desk.types("/deploy api v3")


async def test_the_form_asks_for_a_reason_and_takes_it_once(desk: Desk) -> None:
    view = await form(desk, run := await held(desk))
    assert await says(desk, view, "") == {"response_action": "errors", "errors": {REASON: SAY_WHY}}
    assert (await desk.world.release()).hold is not None
    assert await says(desk, view, "The cause is known.") == {}
    assert (await desk.world.release()).hold is None
    assert await says(desk, view, "The cause is known.") == {}, "the same form, delivered twice"
    again = await says(desk, view, "I know it too.", SAM)
    assert again["errors"] == {
        REASON: f"Nothing was changed: {run} holds deploys of api to production no more. "
        "Its card shows who released them."
    }


async def test_who_may_not_unlock_may_not_release(desk: Desk) -> None:
    view = await form(desk, await held(desk))
    answer = await says(desk, view, "Please.", OUTSIDER)
    assert answer["errors"][REASON].startswith("Not unlocked. To unlock here you must be in ")
    assert (await says(desk, view, "Please.", RILEY)) == {}, "whoever may deploy there may let deploys go on"


async def test_a_persons_lock_stays_theirs(desk: Desk) -> None:
    await desk.world.adopted("v1")
    await desk.types("/deploy lock api an audit", ALEX)
    view = await form(desk, run := await back(desk))
    assert await says(desk, view, "The cause is known.") == {}
    assert "Not started. <@UALEX> locked deploys" in await desk.types("/deploy api v3")
    assert (await desk.types("/deploy unlock api", SAM)) == "Deploys of api to production are unlocked."
    assert (await desk.world.run(run)).released is not None


async def test_with_a_reason_the_hold_goes_first_and_the_lock_is_named(desk: Desk) -> None:
    await desk.world.adopted("v1")
    await desk.types("/deploy lock api an audit", ALEX)
    run = await back(desk)
    assert await desk.types("/deploy unlock api the cause is known", SAM) == (
        f"Deploys of api to production are released, which were held since {run}. "
        f"They stay locked by <@UALEX> {TEN}: “an audit”. `/deploy unlock api production` releases that."
    )


async def test_without_a_reason_the_lock_goes_and_the_hold_is_named(desk: Desk) -> None:
    await desk.world.adopted("v1")
    await desk.types("/deploy lock api an audit", ALEX)
    run = await back(desk)
    assert await desk.types("/deploy unlock api", ALEX) == (
        f"Deploys of api to production are unlocked. They are still held: {run} took production back to v1, {TEN}. "
        "`/deploy unlock api production REASON` releases them."
    )


async def test_after_a_rollback_that_failed_they_are_held_too(desk: Desk) -> None:
    await desk.world.adopted("v1")
    await desk.world.at_the_gate("v2")
    desk.world.outside.answers = [Failed("The cluster refused it.")]
    run = await back(desk)
    assert (await desk.world.run(run)).status is Status.FAILED
    assert f"are held: {run}, which was to take production back to v1, failed, {TEN}." in await desk.types(
        "/deploy api v3"
    )
    assert "Roll back now" in str(await desk.offered("/rollback api")), "the way back stays open"


async def test_after_one_that_began_by_itself_they_are_held(desk: Desk) -> None:
    await desk.world.adopted("v1")
    run = await desk.world.at_the_gate("v2")
    desk.world.outside.answers = [Failed("New pods crash.")]
    await desk.world.approves(run)
    await desk.world.works()
    assert f"are held: R-{run[2:]} took production back to v1" in await desk.types("/deploy api v3")


async def test_after_a_planned_one_they_are_not(desk: Desk) -> None:
    await desk.world.adopted("v0")
    await desk.world.adopted("v1")
    said = await desk.types("/rollback api to v0 planned", ALEX)
    run = said.partition(" ")[0]
    await desk.world.works()
    for step in ("read-how", "told-them"):
        await desk.world.hears(asks.Answer(run, step, "done"), ALEX)
    await desk.world.works()
    await desk.world.approves(run, SAM)
    await desk.world.works()
    assert (await desk.world.run(run)).stands, await desk.world.run(run)
    assert (await desk.world.release()).back is not None
    assert "started" in await desk.types("/deploy api v3")


async def test_the_next_rollback_holds_them_instead_and_the_older_card_says_so(desk: Desk) -> None:
    first = await held(desk)
    view = await form(desk, first)
    second = await back(desk, "/rollback api to v1")
    card = shown(await desk.card(first))
    assert f"Deploys to production are held since {second} now; its card releases them." in card
    answer = await says(desk, view, "The cause is known.")
    assert answer["errors"][REASON] == (
        f"Nothing was changed: deploys of api to production are held since {second} now. Release them on its card."
    )
    assert HELD in shown(await desk.card(second))


@pytest.mark.parametrize("reason", ["<!channel> `rm`", "x" * 400])
async def test_a_reason_has_no_effect_in_slack(desk: Desk, reason: str) -> None:
    view = await form(desk, run := await held(desk))
    assert await says(desk, view, reason) == {}
    assert "<!channel>" not in shown(await desk.card(run))
