"""What can be read and clicked on a card, and whether Slack takes a message."""

from collections.abc import Iterator
from typing import Any

from commands.views.messages import Message
from commands.views.run_card import Look, card
from runbooks.runs.state import Run
from sandbox.slack.sizes import too_large
from tests.commands.stages import KNOWN, RELEASE, stages

LOOK = Look(KNOWN, RELEASE)
AT = dict(stages())
Json = dict[str, Any]


def text_of(run: Run, look: Look = LOOK) -> str:
    """All that can be read, with dates as in UTC and people by their ids."""
    found = []
    for block in card(run, look):
        found += [block["text"]["text"]] if "text" in block else []
        found += [e["text"] for e in block.get("elements", []) if isinstance(e.get("text"), str)]
    return read("\n".join(found))


def read(text: str) -> str:
    for date in [part.partition(">")[0] for part in text.split("<!date^")[1:]]:
        text = text.replace(f"<!date^{date}>", date.rpartition("|")[2].removesuffix(" UTC"))
    return text.replace("\u2003", " ")


def elements(run: Run) -> Iterator[Json]:
    for block in card(run, LOOK):
        yield from (
            e for e in [*block.get("elements", []), block.get("accessory") or {}] if e.get("type") == "button"
        )


def buttons_of(run: Run) -> list[str]:
    return [e["text"]["text"] for e in elements(run)]


def the_button(run: Run, label: str) -> Json:
    return next(e for e in elements(run) if e["text"]["text"] == label)


def sound(message: Message) -> None:
    """Slack takes it, and nothing from outside calls anybody."""
    blocks = [{**block} for block in message.blocks]
    assert too_large({"text": message.text, "blocks": blocks}) == ""
    said = "\n".join([message.text, *(text["text"] for text in _interpreted(blocks))])
    for evil in ("<!channel>", "<@U1>", "<https://evil"):
        assert evil not in said


def _interpreted(blocks: list[Json]) -> Iterator[Json]:
    """Texts in which Slack looks for mentions and links."""
    for part in (part for block in blocks for part in (block.get("text"), *block.get("elements", ())) if part):
        if part["type"] == "mrkdwn":
            yield part
