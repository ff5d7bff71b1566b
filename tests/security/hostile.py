"""States in which everything that can come from outside is hostile, and what Slack would interpret of a view."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from runbooks.folds import folds
from sandbox.slack.sizes import too_large
from tests.commands.stages import stages
from tests.packs.month import month

TEXTS = (
    "<!channel> & <@U1> *x* `y` <https://evil.example|click>",
    "nul \x00 in it",
    "\x00",
    "\ud800",  # half a character
    "\u202egnp.exe",  # written from right to left
    "\x1b[31mred",
    "a\nb\r\nc",
    "\U0001f4a9" * 30,
    "x" * 5000,
    "&" * 700,
    "{}",
    "null",
    "%00",
    "1e999",
    "-1",
    "",
)
"""Texts that are known to trip programs."""

OURS = frozenset(
    {
        "kind",
        "uses",
        "id",
        "run",
        "because",
        "successor",
        "rollback",
        "rolls_back",
        "incident",
        "findings",
        "digest",
        "status",
    }
)
"""Fields that hold a closed word, or a name that Opsbot made (D-7, I-7) or the parser admitted (a step's id)."""
_WORDS_OF_OURS = {("Entry", "what"), ("Run", "command"), ("Run", "failed_step"), ("Choice", "value")}
_ACTOR = re.compile(r"T1/U[A-Z]+")
_LIVE = re.compile(
    r"<@[A-Z0-9]+>|<#[A-Z0-9]+(\|[^<>]*)?>|<!subteam\^[A-Z0-9]+\|@[a-z0-9-]+>"
    r"|<!date\^\d+\^[^|<>]*\|[^<>]*>|<https://git\.example/[^\s<>|]*\|compare>"
)
"""What Opsbot itself puts in: people, channels, groups, times, one address of the catalogue's."""


def states() -> Iterator[tuple[str, Any]]:
    """Every room's states: each stream of a month after each of its events, and a run's stages."""
    for stage, run in stages():
        yield f"run/{run.id} {stage}", run
    found: dict[str, Any] = {}
    for event in month():
        fold = folds()[event.stream.partition("/")[0]]
        before = found.get(event.stream) or fold.start(event.stream)
        found[event.stream] = fold.evolve(before, fold.event_type.validate_json(event.data))
        yield f"{event.stream} {event.version}", found[event.stream]


def spoilt(value: Any, text: str) -> Any:
    """The value with every text in it replaced that does not stand under a name of ours."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return text[:60] if _ACTOR.fullmatch(value) else text if value else value
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        return replace(value, **{name: _field(value, name, inner, text) for name, inner in named.items()})
    if isinstance(value, Mapping):
        return {key: spoilt(inner, text) for key, inner in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return type(value)(spoilt(inner, text) for inner in value)
    return value


def _field(owner: Any, name: str, value: Any, text: str) -> Any:
    kept = name in OURS or (type(owner).__name__, name) in _WORDS_OF_OURS
    return value if kept else spoilt(value, text)


def live(text: str) -> str:
    """What of a text Slack would act on, beside what Opsbot puts in; "" where nothing."""
    rest = re.sub(r"(?m)^(\u2003|> )*> ", "", _LIVE.sub("", text))  # a quote begins so
    found = re.search(r"[<>]|&(?!(amp|lt|gt);)", rest)
    return rest[max(0, found.start() - 60) : found.end() + 60] if found else ""


def interpreted(thing: Any) -> Iterator[str]:
    """All texts of a view or message that are mrkdwn."""
    if isinstance(thing, Mapping):
        if thing.get("type") == "mrkdwn":
            yield str(thing["text"])
        for inner in thing.values():
            yield from interpreted(inner)
    elif isinstance(thing, list | tuple):
        for inner in thing:
            yield from interpreted(inner)


def faults(text: str, blocks: Any = ()) -> list[str]:
    """What Slack would act on of a message, though it came from outside; and why it would not take it."""
    size = too_large({"text": text, "blocks": [dict(block) for block in blocks]})
    return [*_live_in([text, *interpreted(blocks)]), *([size] if size else [])]


def faults_of_view(view: Mapping[str, Any]) -> list[str]:
    """The same of a form or a Home."""
    size = too_large({"view": view})
    return [*_live_in(interpreted(view)), *([size] if size else [])]


def _live_in(texts: Iterable[str]) -> list[str]:
    return [found for each in texts if (found := live(each))]
