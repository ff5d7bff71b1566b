"""The few kinds of block that cards are built from; they look the same in every Slack client."""

import json
from typing import Any

Block = dict[str, Any]


def header(text: str) -> Block:
    """A title, 150 characters at most."""
    return {"type": "header", "text": {"type": "plain_text", "text": text[:150], "emoji": True}}


def section(text: str, button: Block | None = None) -> Block:
    """A paragraph of mrkdwn, 3,000 characters at most, with a button at its right."""
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}
    return {**block, "accessory": button} if button else block


def context(text: str) -> Block:
    """A line in small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:2000]}]}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def button(label: str, action: str, value: dict[str, str], style: str = "") -> Block:
    """A button; `action` is unique within its message, `value` is what the click means."""
    block: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": label[:75], "emoji": True},
        "action_id": action[:255],
        "value": json.dumps(value, separators=(",", ":")),
    }
    return {**block, "style": style} if style else block


def actions(*buttons: Block) -> list[Block]:
    """A row of buttons; nothing where there is none."""
    return [{"type": "actions", "elements": list(buttons)}] if buttons else []


def quote(text: str) -> str:
    """Lines of outside text, set apart; code fences are not drawn everywhere."""
    return "\n".join(f"> {line}" for line in text.splitlines())
