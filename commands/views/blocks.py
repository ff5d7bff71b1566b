"""The few kinds of block that cards are built from; they look the same in every Slack client."""

import json
from collections.abc import Sequence
from typing import Any

Block = dict[str, Any]

MOST_BLOCKS = 50  # what Slack takes in a message
MOST_SECTION = 3000  # characters
MOST_DIALOG = 300  # characters of a confirmation
MOST_TEXT = 12_500  # characters in all blocks together; Slack takes about 13,000


def plain(text: str) -> Block:
    """Text without mrkdwn, as titles, labels and buttons have it; no block by itself."""
    return {"type": "plain_text", "text": text, "emoji": True}


def header(text: str) -> Block:
    """A title, 150 characters at most."""
    return {"type": "header", "text": plain(text[:150])}


def section(text: str, button: Block | None = None) -> Block:
    """A paragraph of mrkdwn, 3,000 characters at most, with a button at its right."""
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": text[:MOST_SECTION]}}
    return {**block, "accessory": button} if button else block


def paragraphs(lines: Sequence[str]) -> list[Block]:
    """Lines, in as few paragraphs as hold them."""
    held: list[list[str]] = []
    for line in lines:
        if held and len("\n".join([*held[-1], line])) <= MOST_SECTION:
            held[-1].append(line)
        else:
            held.append([line])
    return [section("\n".join(each)) for each in held]


def context(text: str) -> Block:
    """A line in small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:2000]}]}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def button(label: str, action: str, value: dict[str, str], style: str = "", *, confirm: Block | None = None) -> Block:
    """A button; `action` is unique within its message, `value` is what the click means.

    `style` is "primary", "danger" (for what the next click can't undo) or none; `confirm` is asked before it counts.
    """
    block: Block = {
        "type": "button",
        "text": plain(label[:75]),
        "action_id": action[:255],
        "value": json.dumps(value, separators=(",", ":")),
    }
    return block | ({"style": style} if style else {}) | ({"confirm": confirm} if confirm else {})


def confirmation(title: str, text: str, *, go: str, stay: str) -> Block:
    """The dialog before a click whose mistake costs; its button is drawn as a danger."""
    return {
        "title": {"type": "plain_text", "text": title[:100]},
        "text": {"type": "plain_text", "text": text[:MOST_DIALOG]},
        "confirm": {"type": "plain_text", "text": go[:30]},
        "deny": {"type": "plain_text", "text": stay[:30]},
        "style": "danger",
    }


def actions(*buttons: Block) -> list[Block]:
    """A row of buttons; nothing where there is none."""
    return [{"type": "actions", "elements": list(buttons[:25])}] if buttons else []


def quote(text: str) -> str:
    """Lines of outside text, set apart; code fences are not drawn everywhere."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def fitted(start: Sequence[Block], middle: Sequence[Block], end: Sequence[Block]) -> list[Block]:
    """A message that Slack takes: what is too much is left out of the middle, and said to be."""
    kept = list(middle)
    while kept and (len(start) + len(kept) + len(end) >= MOST_BLOCKS or size([*start, *kept, *end]) > MOST_TEXT):
        kept.pop()
    left_out = [context("More than fits here is left out.")] if len(kept) < len(middle) else []
    return [*start, *kept, *left_out, *end]


def size(blocks: Sequence[Block]) -> int:
    """The characters that count towards a message's limit."""
    parts = [part for block in blocks for part in (block, *block.get("elements", ()))]
    texts = (part.get("text") or "" for part in parts)
    return sum(len(text["text"] if isinstance(text, dict) else text) for text in texts)
