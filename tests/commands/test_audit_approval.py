"""Audit packs that somebody must approve: asked, judged and handed over in the local Slack, each once."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.client import Courier, web_client
from bot.packing import Packing
from commands.audit import judge, take
from runbooks.catalogue import Approval
from runbooks.store import Fold
from sandbox.slack import Fault, Kind, LocalSlack, Message
from tests.commands.audit_desk import NOVEMBER, Desk, desk_of, requests_of, with_packs
from tests.commands.seat import serving
from tests.engine.world import World
from tests.packs.keeping import keep
from tests.packs.month import month

pytestmark = pytest.mark.slack

STREAM = "audit/api/acme"


@asynccontextmanager
async def at_a_desk(pool: Pool, folds: Mapping[str, Fold], slack: LocalSlack, **approval: Any) -> AsyncIterator[Desk]:
    made = desk_of(pool, folds, slack, approval=Approval(group="sre", **approval))
    await keep(made.world.store, [each for each in month() if not each.stream.startswith("audit/")])
    async with serving(with_packs(made.world, pool), slack):
        yield made


@pytest.fixture
async def desk(
    store: PostgresStore, store_pool: Pool, folds: Mapping[str, Fold], local_slack: LocalSlack
) -> AsyncIterator[Desk]:
    async with at_a_desk(store_pool, folds, local_slack) as made:
        yield made


async def asked(desk: Desk, line: str = f"{NOVEMBER} acme") -> str:
    """Riley asks, and the approvers are told; what Riley is answered."""
    said = await desk.seat.types(f"/audit {line}")
    await desk.works()
    return said.shown


async def request(desk: Desk, name: str = "alex") -> Message:
    """The newest request as one approver sees it now."""
    return [message for message in await desk.direct(name) if not message.ephemeral_to][-1]


async def clicks(desk: Desk, name: str, label: str, message: Message | None = None) -> list[str]:
    """Click; what that person, and nobody else, is told."""
    seen = message or await request(desk, name)
    before = len([each for each in await desk.slack.person(name).messages(seen.channel) if each.ephemeral_to])
    await desk.slack.person(name).click(seen, label)
    after = [each for each in await desk.slack.person(name).messages(seen.channel) if each.ephemeral_to]
    return [each.shown for each in after[before:]]


async def delivered(desk: Desk) -> int:
    """How many packs anybody got."""
    return len([each for name in ("riley", "alex", "sam") for each in await desk.direct(name) if each.files])


async def test_it_waits_for_somebody_else_and_comes_to_who_asked_alone(desk: Desk) -> None:
    said = await asked(desk)
    assert said.startswith(
        "Asked for the audit pack of api for the tenant acme, 2026-11-01 to 2026-11-30. It needs 1"
    )
    assert said.endswith("they get a message each. Once approved it comes to you alone, as a direct message.")
    assert await desk.direct() == []
    alex, sam = await request(desk), await request(desk, "sam")
    assert alex.shown == sam.shown
    riley = desk.slack.users["riley"]
    assert "*Audit pack of api, tenant acme, 2026-11-01 to 2026-11-30*" in alex.shown
    assert f"Once approved it is delivered to <@{riley}> alone." in alex.shown
    assert f"Waits for 1 approval of @sre, not by <@{riley}> · until" in alex.shown
    assert alex.buttons == ["Approve", "Reject"]

    assert await clicks(desk, "alex", "Approve") == []
    await desk.works()
    message, data = await desk.pack()
    assert await delivered(desk) == 1
    digest = hashlib.sha256(data).hexdigest()
    assert f"approved by <@{desk.slack.users['alex']}>" in message.text
    for name in ("alex", "sam"):
        now = await request(desk, name)
        assert f"Approved by <@{desk.slack.users['alex']}> · delivered" in now.shown
        assert f"SHA-256 `{digest}`" in now.shown
        assert now.buttons == []
    events = await desk.recorded(STREAM)
    assert [event["kind"] for event in events] == ["asked", "approved", "made", "delivered"]
    assert (events[0]["by"], events[0]["wanted"]["group"]) == (desk.actor("riley"), "sre")
    assert (events[1]["by"], events[3]["to"], events[3]["archive"]) == (
        desk.actor("alex"),
        desk.actor("riley"),
        digest,
    )


async def test_a_rejected_one_is_told_to_who_asked(desk: Desk) -> None:
    await asked(desk)
    await clicks(desk, "sam", "Reject")
    await desk.works()
    (said,) = await desk.direct()
    assert said.shown.startswith(f"<@{desk.slack.users['sam']}> rejected the audit pack of api, tenant acme, ")
    assert "Nothing was delivered. Ask them why; `/audit api 2026-11-01 2026-11-30 acme` asks again." in said.shown
    assert "⛔ Rejected by" in (await request(desk)).shown
    assert await delivered(desk) == 0
    assert await desk.kinds(STREAM) == ["asked", "rejected"]


async def test_a_click_that_comes_too_late_says_what_became_of_it(desk: Desk) -> None:
    await asked(desk)
    seen = await request(desk, "sam")
    await clicks(desk, "alex", "Approve")
    assert await clicks(desk, "alex", "Approve", await request(desk)) == [
        f"This request has moved on: it was approved by <@{desk.slack.users['alex']}> and is being made. Nothing was "
        "changed by this click. Whoever still needs the pack asks again with `/audit`."
    ]
    await desk.works()
    assert await clicks(desk, "sam", "Reject", seen) == [
        "This request has moved on: it was approved and is delivered. Nothing was changed by this click. "
        "Whoever still needs the pack asks again with `/audit`."
    ]
    await desk.works()
    assert await delivered(desk) == 1
    assert await desk.kinds(STREAM) == ["asked", "approved", "made", "delivered"]


async def test_nobody_approves_in_time(desk: Desk) -> None:
    await asked(desk)
    seen = await request(desk)
    desk.world.later(minutes=31)
    late = await clicks(desk, "alex", "Approve", seen)
    assert late[0].startswith("This request has moved on: its time was over")
    await desk.works()
    (said,) = await desk.direct()
    assert said.shown.startswith("Not made: the audit pack of api, tenant acme, 2026-11-01 to 2026-11-30 was not")
    assert "⌛ Expired" in (await request(desk)).shown
    assert await desk.kinds(STREAM) == ["asked", "expired"]


async def test_who_asked_and_who_is_not_of_the_group_can_not_approve(desk: Desk) -> None:
    await asked(desk)
    desk.world.members.groups["sre"].add(desk.actor("riley"))
    seen = (await request(desk)).element("Approve")[1]["value"]
    record: Any = desk.packing.requests.audits.record  # the real one, on its pool
    edge = with_packs(desk.world, record._pool)

    async def says(name: str, value: str = seen) -> str:
        user = {"id": desk.slack.users[name], "team_id": desk.slack.workspace.team_id}
        actions = [{"action_id": "approve-pack", "value": value}]
        return await judge(edge, {"user": user, "trigger_id": f"1.{name}", "actions": actions})

    assert await says("riley") == (
        "Not approved. You asked for this audit pack, so somebody else of @sre must approve it."
    )
    assert await says("casey") == "Not approved. To approve here you must be in @sre. Ask one of them."
    assert (await says("alex", json.dumps({"packs": STREAM, "request": "9"}))).startswith("There is no such request")
    assert (await says("alex", "{}")).startswith("This button is of an older kind")
    desk.world.members.silent = True
    assert (await says("alex")).startswith("Not approved. Slack did not say who is in which group")
    assert await desk.kinds(STREAM) == ["asked"]


async def test_a_restart_between_approval_and_delivery_delivers_once(desk: Desk) -> None:
    await asked(desk)
    await clicks(desk, "alex", "Approve")
    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url)
    restarted = replace(desk, packing=Packing(desk.packing.requests, Courier(client)))
    await restarted.works()
    assert await delivered(desk) == 1
    await desk.works()
    assert await delivered(desk) == 1


async def test_a_restart_after_the_file_was_given_to_slack_delivers_once(desk: Desk) -> None:
    await asked(desk)
    await clicks(desk, "alex", "Approve")
    desk.slack.proxy.inject(Fault("files.completeUploadExternal", Kind.LOST_ANSWER))
    await desk.packs()
    assert await desk.kinds(STREAM) == ["asked", "approved", "made"]
    desk.world.later(seconds=6)
    await desk.works()
    assert await delivered(desk) == 1
    assert await desk.kinds(STREAM) == ["asked", "approved", "made", "delivered"]


async def test_where_slack_does_not_say_whether_it_came_it_is_not_sent_again(desk: Desk) -> None:
    await asked(desk)
    await clicks(desk, "alex", "Approve")
    desk.slack.proxy.inject(Fault("files.completeUploadExternal", Kind.LOST_ANSWER))
    await desk.packs()
    desk.world.later(seconds=6)
    desk.slack.proxy.inject(Fault("conversations.history", Kind.ERROR, error="missing_scope"))
    await desk.works()
    assert await delivered(desk) == 1
    end = (await desk.recorded(STREAM))[-1]
    assert end["why"] == (
        "Slack would not take the file (missing_scope), and does not say whether it took an earlier one"
    )


@pytest.mark.parametrize(("group", "why"), [("sre", "who approved it"), ("developers", "who asked for it")])
async def test_who_left_their_group_meanwhile_counts_no_more(desk: Desk, group: str, why: str) -> None:
    await asked(desk)
    await clicks(desk, "alex", "Approve")
    desk.world.members.groups[group] = set()
    await desk.works()
    (said,) = await desk.direct()
    assert f"The reason: {why}" in said.shown
    assert await desk.kinds(STREAM) == ["asked", "approved", "failed"]


async def test_asking_again_while_it_waits_asks_nobody_twice(desk: Desk) -> None:
    await asked(desk)
    assert (await asked(desk)).startswith("Not asked again: your request for the same pack waits for @sre already.")
    assert len(await desk.direct("alex")) == 1
    assert await desk.kinds(STREAM) == ["asked"]


async def test_two_approvals_are_of_two_people(
    store: PostgresStore, store_pool: Pool, folds: Mapping[str, Fold], local_slack: LocalSlack
) -> None:
    async with at_a_desk(store_pool, folds, local_slack, count=2, expires=timedelta(days=1)) as desk:
        await asked(desk)
        await clicks(desk, "alex", "Approve")
        assert await clicks(desk, "alex", "Approve") == [
            "You have approved this audit pack already; that counts once, and nothing was recorded again. "
            "It waits for 1 more approval, of others."
        ]
        await desk.works()
        assert "Waits for 1 approval" in (await request(desk, "sam")).shown
        assert await delivered(desk) == 0
        await clicks(desk, "sam", "Approve")
        await desk.works()
        assert await delivered(desk) == 1


async def test_where_nobody_else_could_approve_it_is_not_asked(store: PostgresStore, store_pool: Pool) -> None:
    world = World(store)
    service = world.catalogue.services["api"].model_copy(update={"audit_approval": Approval(group="sre", count=2)})
    world.catalogue = world.catalogue.model_copy(update={"services": {"api": service}})
    command = {"text": "api 2026-11-01 2026-11-20", "user_id": "UALEX", "team_id": "T1", "trigger_id": "1"}
    assert await take(replace(with_packs(world, store_pool), packs=requests_of(world, store_pool)), command) == (
        "Not made. It would need 2 approvals of @sre, not by you, and the others in that group are 1. "
        "Nothing was recorded. Ask whoever keeps that group to add people."
    )
    assert await store.history("audit/api") == []
