"""A person in Chromium on the local Slack's page sees what the bot says and can answer by typing and clicking."""

from datetime import datetime
from pathlib import Path

import pytest

from sandbox.browser import Browser
from sandbox.slack import LocalSlack
from tests.sandbox.bot import Bot, Json

pytestmark = [pytest.mark.slack, pytest.mark.browser]

PNG = b"\x89PNG"
MOMENT = 1_764_000_000


async def test_people_type_click_and_read_without_the_control_interface(
    local_slack: LocalSlack, bot: Bot, browser: Browser, tmp_path: Path
) -> None:
    riley, alex = await browser.person(local_slack, "riley"), await browser.person(local_slack, "alex")
    await riley.open("#deploys")
    await riley.type("/deploy example v42 production")
    assert "Deploy example to production" in await riley.sees("v41 → v42")
    assert await riley.buttons("v41 → v42") == ["Approve", "Abort", "Reject"]

    await alex.open("#deploys")
    await alex.click("Approve", on="v41 → v42")

    await riley.sees("Approved")
    assert await riley.buttons("Approved") == []
    assert bot.heard[1]["user"]["id"] == local_slack.users["alex"]
    await riley.picture(tmp_path / "window.png")
    assert (tmp_path / "window.png").read_bytes().startswith(PNG)
    assert local_slack.journal.control_calls() == []
    assert [gesture["t"] for gesture in local_slack.journal.gestures] == ["slash_command", "block_action"]


async def test_a_button_with_a_confirmation_asks_first(local_slack: LocalSlack, bot: Bot, browser: Browser) -> None:
    riley = await browser.person(local_slack, "riley")
    await riley.open("#deploys")
    await riley.type("/deploy")
    await riley.click("Abort", on="v41 → v42")
    assert "Abort this deploy?" in await riley.dialog()
    await riley.dismiss()
    await riley.click("Abort", on="v41 → v42")
    assert "Nothing was changed yet." in await riley.dialog()
    await riley.confirm()
    await riley.sees("Aborted")
    assert [body["actions"][0]["action_id"] for body in bot.heard[1:]] == ["abort"]


async def test_a_form_and_a_private_answer_are_for_one_person(
    local_slack: LocalSlack, bot: Bot, browser: Browser
) -> None:
    riley, alex = await browser.person(local_slack, "riley"), await browser.person(local_slack, "alex")
    await riley.open("#deploys")
    await alex.open("#deploys")
    await riley.type("/deploy ack")
    assert "only visible to you" in await riley.sees("Said with the acknowledgement.")
    await riley.type("/deploy")
    await alex.sees("v41 → v42")
    assert len(await alex.reads()) == 1

    await riley.click("Reject", on="v41 → v42")

    assert "Why not" in await riley.dialog()
    await alex.click("Approve", on="v41 → v42")  # no view of Riley's in the way
    await alex.sees("Approved")
    await riley.fill("Reason", "the window is over")
    await riley.confirm()
    await local_slack.journal.until(lambda: bot.heard[-1]["type"] == "view_submission")
    assert bot.heard[-1]["view"]["state"]["values"]["why"]["text"]["value"] == "the window is over"


async def test_the_page_draws_what_cards_are_made_of(local_slack: LocalSlack, bot: Bot, browser: Browser) -> None:
    users, groups = local_slack.users, local_slack.groups
    first = await bot.client.chat_postMessage(channel="#ops", text="the first")
    link = (await bot.client.chat_getPermalink(channel=first["channel"], message_ts=first["ts"]))["permalink"]
    text = (
        f"✅ :rotating_light: asked by <@{users['riley']}>, waits for <!subteam^{groups['sre']}> since "
        f"<!date^{MOMENT}^{{date_num}} {{time}}|some day>, <{link}|Open card> *bold* `code`"
    )
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": "A header"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "A context"}]},
        {"type": "divider"},
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "A field"}]},
    ]
    sam = await browser.person(local_slack, "sam")
    posted = await bot.client.chat_postMessage(channel="#deploys", text="card", blocks=blocks)
    await bot.client.chat_postMessage(channel="#deploys", text="a detail", thread_ts=posted["ts"])
    await sam.open("#deploys")

    seen = await sam.sees("A header")

    since = f"{datetime.fromtimestamp(MOMENT):%Y-%m-%d %H:%M}"
    line = f"✅ 🚨 asked by @Riley Requester, waits for @sre since {since}, Open card bold code"
    for part in ("A context", "A field", line):
        assert part in seen
    assert await sam.card("A header").locator(".bk-unknown").count() == 0
    await sam.open_thread("A header")
    assert "a detail" in (await sam.thread())[-1]
    await sam.page.get_by_role("link", name="Open card").first.click()
    await sam.sees("the first")
