"""A real bot on the local Slack: what Slack says it does is what it sees."""

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.slack import LocalSlack, Message, NotThere
from tests.sandbox.bot import CARD, FORM, Bot

pytestmark = pytest.mark.slack

Json = dict[str, Any]


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(*, text: str = "Approve", **more: Any) -> Json:
    element = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": text}, **more}
    return {"type": "actions", "elements": [element]}


@pytest.fixture
async def client(local_slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(local_slack.bot_token, base_url=local_slack.api_url)


async def card(slack: LocalSlack) -> Message:
    return await slack.person("riley").sees("deploys", "v41 → v42")


async def test_a_command_becomes_a_card_and_a_click_changes_it(local_slack: LocalSlack, bot: Bot) -> None:
    await local_slack.person("riley").command("#deploys", "/deploy example v42 production")
    shown = await card(local_slack)
    assert shown.buttons == ["Approve", "Abort", "Reject"]

    await local_slack.person("alex").click(shown, "Approve")

    assert (await local_slack.person("riley").sees("deploys", "Approved")).ts == shown.ts
    command, click = bot.heard
    assert (command["user_id"], command["text"]) == (local_slack.users["riley"], "example v42 production")
    assert click["user"]["id"] == local_slack.users["alex"]
    assert click["actions"][0]["block_id"] == "run-7"
    assert [envelope.type for envelope in local_slack.journal.envelopes] == ["slash_commands", "interactive"]
    assert all((envelope.ack_seconds or 9) < 3 for envelope in local_slack.journal.envelopes)


async def test_a_view_is_seen_by_its_owner_and_submitted_with_its_initial_values(
    local_slack: LocalSlack, bot: Bot
) -> None:
    riley, alex = local_slack.person("riley"), local_slack.person("alex")
    await riley.command("#deploys", "/deploy")
    await alex.click(await card(local_slack), "Reject")
    await local_slack.journal.until(
        lambda: [call.status for call in local_slack.journal.calls("views.open")] == [200]
    )
    assert (await alex.view() or {})["callback_id"] == "reason"
    assert await riley.view() is None

    await alex.submit({})

    await local_slack.journal.until(lambda: bot.heard[-1]["type"] == "view_submission" if bot.heard else False)
    assert bot.heard[-1]["view"]["state"]["values"]["why"]["text"]["value"] == "not today"


@pytest.mark.parametrize(("text", "answer"), [("ack", "with the acknowledgement"), ("respond", "by response URL")])
async def test_an_answer_is_for_the_person_alone_unless_it_says_otherwise(
    local_slack: LocalSlack, bot: Bot, text: str, answer: str
) -> None:
    await local_slack.person("riley").command("#deploys", f"/deploy {text}")
    seen = await local_slack.person("riley").sees("deploys", answer)
    assert seen.ephemeral_to == local_slack.users["riley"]
    assert await local_slack.person("alex").messages("deploys") == []


async def test_a_private_message_can_only_be_changed_by_its_response_url(local_slack: LocalSlack, bot: Bot) -> None:
    riley = local_slack.person("riley")
    await riley.command("#deploys", "/deploy private")
    shown = await card(local_slack)
    with pytest.raises(SlackApiError, match="message_not_found"):
        await bot.client.chat_update(channel=shown.channel, ts=shown.ts, text="Changed")

    await riley.click(shown, "Abort")

    changed = await riley.sees("deploys", "Aborted")
    assert (changed.ts, changed.ephemeral_to) == (shown.ts, riley.id)
    click = bot.heard[-1]
    assert "message" not in click
    assert click["container"]["is_ephemeral"]
    assert click["container"]["message_ts"] == shown.ts


async def test_a_response_url_takes_five_answers(local_slack: LocalSlack, bot: Bot) -> None:
    await local_slack.person("riley").command("#deploys", "/deploy")
    url = bot.heard[0]["response_url"]
    assert url.startswith(local_slack.proxy.url)
    answers = [await AsyncWebhookClient(url).send(text=f"answer {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body


async def test_a_trigger_opens_one_view(local_slack: LocalSlack, bot: Bot) -> None:
    await local_slack.person("riley").command("#deploys", "/deploy")
    trigger = bot.heard[0]["trigger_id"]
    await bot.client.views_open(trigger_id=trigger, view=FORM)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await bot.client.views_open(trigger_id=trigger, view=FORM)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await bot.client.views_open(trigger_id="made-up", view=FORM)


async def test_user_groups_are_answered_and_can_change(local_slack: LocalSlack, client: AsyncWebClient) -> None:
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    people = {group["handle"]: group["users"] for group in groups}
    users = local_slack.users
    assert people["sre"] == [users["riley"], users["alex"], users["casey"]]
    local_slack.set_group("sre", ["sam"])
    answer = await client.usergroups_users_list(usergroup=local_slack.groups["sre"])
    assert answer["users"] == [users["sam"]]
    with pytest.raises(SlackApiError, match="no_such_subteam"):
        await client.usergroups_users_list(usergroup="S0NOBODY")


async def test_channels_remember_what_was_done_to_them(local_slack: LocalSlack, client: AsyncWebClient) -> None:
    created = (await client.conversations_create(name="inc-2026-11-24-example", is_private=False))["channel"]
    assert not created["is_private"]
    channel = created["id"]
    await client.conversations_setTopic(channel=channel, topic="S2 · example")
    await client.conversations_invite(channel=channel, users=[local_slack.users["casey"], local_slack.users["sam"]])
    assert (await client.conversations_info(channel=channel))["channel"]["topic"]["value"] == "S2 · example"
    members = (await client.conversations_members(channel=channel))["members"]
    assert {local_slack.users["casey"], local_slack.users["sam"]} < set(members)
    with pytest.raises(SlackApiError, match="already_in_channel"):
        await client.conversations_invite(channel=channel, users=local_slack.users["sam"])
    with pytest.raises(SlackApiError, match="name_taken"):
        await client.conversations_create(name="inc-2026-11-24-example")

    await client.conversations_archive(channel=channel)

    with pytest.raises(SlackApiError, match="is_archived"):
        await client.chat_postMessage(channel=channel, text="too late")
    listed = (await client.conversations_list(exclude_archived=True))["channels"]
    assert channel not in {each["id"] for each in listed}
    local_slack.reset()
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.conversations_info(channel=channel)


async def test_pins_and_bookmarks(local_slack: LocalSlack, client: AsyncWebClient) -> None:
    channel = local_slack.channels["incidents"]
    ts = (await client.chat_postMessage(channel="#incidents", text="the card"))["ts"]
    await client.pins_add(channel=channel, timestamp=ts)
    with pytest.raises(SlackApiError, match="already_pinned"):
        await client.pins_add(channel=channel, timestamp=ts)
    assert [item["message"]["ts"] for item in (await client.pins_list(channel=channel))["items"]] == [ts]
    await client.pins_remove(channel=channel, timestamp=ts)
    assert (await client.pins_list(channel=channel))["items"] == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client.pins_add(channel=channel, timestamp="1.000001")
    await client.bookmarks_add(channel_id=channel, title="Runbook", type="link", link="https://example.com/runbook")
    bookmarks = (await client.bookmarks_list(channel_id=channel))["bookmarks"]
    assert [bookmark["title"] for bookmark in bookmarks] == ["Runbook"]


async def test_a_history_keeps_block_ids_and_metadata_and_is_cut_as_asked(
    local_slack: LocalSlack, client: AsyncWebClient
) -> None:
    channel = local_slack.channels["deploys"]
    metadata = {"event_type": "card", "event_payload": {"nonce": "n-1"}}
    first = await client.chat_postMessage(channel=channel, text="card", blocks=CARD, metadata=metadata)
    await client.chat_postMessage(channel=channel, text="in its thread", thread_ts=first["ts"])
    last = await client.chat_postMessage(channel=channel, text="later")
    await client.chat_postEphemeral(channel=channel, user=local_slack.users["riley"], text="for one")

    everything = (await client.conversations_history(channel=channel, include_all_metadata=True))["messages"]
    assert [message["ts"] for message in everything] == [last["ts"], first["ts"]]
    assert [block["block_id"] for block in everything[1]["blocks"]] == ["head", "plan", "run-7"]
    assert everything[1]["metadata"] == metadata
    newer = await client.conversations_history(channel=channel, oldest=first["ts"])
    assert [message["ts"] for message in newer["messages"]] == [last["ts"]]
    page = await client.conversations_history(channel=channel, limit=1)
    assert page["has_more"]
    rest = await client.conversations_history(channel=channel, cursor=page["response_metadata"]["next_cursor"])
    assert [message["ts"] for message in rest["messages"]] == [first["ts"]]
    thread = await client.conversations_replies(channel=channel, ts=first["ts"])
    assert [message["text"] for message in thread["messages"]] == ["card", "in its thread"]


async def test_a_file_is_uploaded_into_a_thread(local_slack: LocalSlack, client: AsyncWebClient) -> None:
    channel = local_slack.channels["deploys"]
    ts = (await client.chat_postMessage(channel=channel, text="card"))["ts"]
    await client.files_upload_v2(channel=channel, thread_ts=ts, filename="output.txt", content="line one\n")
    seen = await local_slack.person("riley").sees("deploys", lambda message: bool(message.files))
    assert (seen.files[0]["name"], seen.thread_ts) == ("output.txt", ts)
    assert await local_slack.person("riley").content(seen.files[0]) == "line one\n"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [section("")]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [{"type": "divider", "block_id": "same"}] * 2}, "invalid_blocks"),
        ({"blocks": [section("x" * 2900)] * 5}, "msg_blocks_too_long"),
        ({"blocks": [button(text="x" * 76)]}, "invalid_blocks"),
        ({"blocks": [button(value="x" * 2001)]}, "invalid_blocks"),
        ({"blocks": [button(confirm={"title": {"type": "plain_text", "text": "x" * 101}})]}, "invalid_blocks"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": ""}, "no_text"),
    ],
)
async def test_what_slack_would_not_take_is_refused(client: AsyncWebClient, args: Json, code: str) -> None:
    with pytest.raises(SlackApiError, match=code):
        await client.api_call("chat.postMessage", json={"channel": "#deploys", "text": "x", **args})


async def test_a_wrong_token_is_refused(local_slack: LocalSlack) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await AsyncWebClient("xoxb-wrong", base_url=local_slack.api_url).auth_test()


async def test_a_person_can_only_click_what_is_there(local_slack: LocalSlack, bot: Bot) -> None:
    await local_slack.person("riley").command("#deploys", "/deploy")
    with pytest.raises(NotThere, match="no 'Retry'"):
        await local_slack.person("riley").click(await card(local_slack), "Retry")


async def test_of_two_connections_one_gets_an_envelope(local_slack: LocalSlack, bot: Bot) -> None:
    other = Bot(local_slack)
    await other.socket.connect_async()
    await local_slack.journal.until(lambda: local_slack.proxy.sockets.count == 2)
    riley = local_slack.person("riley")
    await asyncio.gather(*(riley.command("#deploys", f"/deploy {number}") for number in range(4)))
    await other.socket.close_async()
    assert sorted(body["text"] for body in [*bot.heard, *other.heard]) == ["0", "1", "2", "3"]
    assert len(bot.heard) == len(other.heard)
