"""A small bot that the tests of the local Slack talk to."""

from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import LocalSlack

Json = dict[str, Any]
CARD: list[Json] = [
    {"type": "header", "block_id": "head", "text": {"type": "plain_text", "text": "Deploy example to production"}},
    {"type": "section", "block_id": "plan", "text": {"type": "mrkdwn", "text": "v41 → v42"}},
    {
        "type": "actions",
        "block_id": "run-7",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "text": {"type": "plain_text", "text": "Approve"},
                "value": "7",
            },
            {
                "type": "button",
                "action_id": "abort",
                "text": {"type": "plain_text", "text": "Abort"},
                "style": "danger",
                "confirm": {
                    "title": {"type": "plain_text", "text": "Abort this deploy?"},
                    "text": {"type": "mrkdwn", "text": "Nothing was changed yet."},
                    "confirm": {"type": "plain_text", "text": "Abort"},
                    "deny": {"type": "plain_text", "text": "Keep"},
                },
            },
            {"type": "button", "action_id": "form", "text": {"type": "plain_text", "text": "Reject"}, "value": "7"},
        ],
    },
]
FORM: Json = {
    "type": "modal",
    "callback_id": "reason",
    "title": {"type": "plain_text", "text": "Why not"},
    "submit": {"type": "plain_text", "text": "Reject"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "text", "initial_value": "not today"},
        }
    ],
}


class Bot:
    """A small bot; `heard` has what reached it, in order."""

    def __init__(self, slack: LocalSlack) -> None:
        self.client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        self.heard: list[Json] = []
        self.app = AsyncApp(token=slack.bot_token, client=self.client)
        self.app.command("/deploy")(self._command)
        self.app.action("approve")(self._approve)
        self.app.action("abort")(self._abort)
        self.app.action("form")(self._form)
        self.app.view("reason")(self._reason)
        self.socket = AsyncSocketModeHandler(self.app, slack.app_token, ping_interval=0.1)

    async def _command(self, ack: Any, body: Json, respond: Any) -> None:
        self.heard.append(body)
        match body["text"]:
            case "ack":
                await ack("Said with the acknowledgement.")
            case "respond":
                await ack()
                await respond("Said by response URL.")
            case "private":
                await ack(text="Deploy", blocks=CARD)
            case _:
                await ack()
                await self.client.chat_postMessage(channel=body["channel_id"], text="Deploy", blocks=CARD)

    async def _approve(self, ack: Any, body: Json) -> None:
        self.heard.append(body)
        await ack()
        approved = [*CARD[:1], {"type": "section", "text": {"type": "mrkdwn", "text": "Approved"}}]
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await self.client.chat_update(**place, text="Approved", blocks=approved)

    async def _abort(self, ack: Any, body: Json, respond: Any) -> None:
        self.heard.append(body)
        await ack()
        await respond("Aborted", replace_original=True)

    async def _form(self, ack: Any, body: Json) -> None:
        self.heard.append(body)
        await ack()
        await self.client.views_open(trigger_id=body["trigger_id"], view=FORM)

    async def _reason(self, ack: Any, body: Json) -> None:
        self.heard.append(body)
        await ack()
