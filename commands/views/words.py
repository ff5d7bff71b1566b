"""Small pieces of text for Slack: mentions, times, durations, and outside text made harmless."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from runbooks.catalogue import Group
from runbooks.vocabulary import OPSBOT, Actor

INDENT = "\u2003"  # em space: ordinary leading spaces collapse in Slack
_ASIDE = re.compile(r"\s*\([^()]*\)$")
_ID = re.compile(r"[A-Z0-9]+")  # of a person or a channel, as Slack gives it
_CUT_ENTITY = re.compile(r"&[a-z]{0,3}$")


def safe(text: str, limit: int = 600) -> str:
    """Text from outside, escaped for mrkdwn (a `<!channel>` in it pages nobody), `limit` characters at most."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if len(escaped) <= limit else _CUT_ENTITY.sub("", escaped[: limit - 1]) + "…"


def line(text: str, limit: int = 600) -> str:
    """The same on one line."""
    return safe(" ".join(text.split()), limit)


def code(text: str) -> str:
    """Outside text as it would be typed. A backtick would end it, and an address is not drawn well everywhere."""
    return line(text) if "`" in text or "://" in text else f"`{line(text)}`"


def short(title: str) -> str:
    """An item's title for a card: without the aside in parentheses at its end, 90 characters at most."""
    return line(_ASIDE.sub("", title) or title, 90)


def bold_label(text: str) -> str:
    """A line such as "Pods: 3 replicas stay" with its label in bold; any other line as it is."""
    return re.sub(r"^([A-Z][A-Za-z ]{2,24}:) ", r"*\1* ", text)


def is_id(text: str) -> bool:
    """Whether it can be a person or a channel, as Slack names them."""
    return _ID.fullmatch(text) is not None


def person(actor: Actor | None) -> str:
    """A mention of a person; the bot by its name."""
    if actor is None:
        return "somebody"
    _, _, user = actor.partition("/")
    return "Opsbot" if actor == OPSBOT else f"<@{user}>" if is_id(user) else line(actor, 60)


def people(actors: Iterable[Actor | None]) -> str:
    """Mentions of several, each once."""
    return ", ".join(dict.fromkeys(map(person, actors)))


def channel(slack: str, name: str = "") -> str:
    """A link to a channel, by Slack's id of it; "" where there is none."""
    if not is_id(slack):
        return line(name or slack, 90)
    return f"<#{slack}|{line(name, 90)}>" if name else f"<#{slack}>"


def commit(digits: str) -> str:
    """A commit as people name it: its first seven digits."""
    return code(digits[:7])


def group(name: str, found: Group | None) -> str:
    """A mention of everybody in a group, so that they are notified."""
    if found is None:
        return f"@{safe(name)}"
    if found.slack:
        return f"<!subteam^{found.slack}|@{name}>"
    return " ".join(f"<@{member}>" for member in sorted(found.members)) or f"@{name}"


def either(names: Iterable[str]) -> str:
    """Names of groups, notifying nobody: "@developers or @sre"."""
    return " or ".join(f"@{safe(name)}" for name in dict.fromkeys(names))


def both(names: Iterable[str]) -> str:
    """Outside names in a row: "v40, v41 and v42"."""
    *first, last = [line(name, 60) for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def clock(at: datetime | None, *, seconds: bool = False) -> str:
    """A time of day in the reader's own zone."""
    if at is None:
        return ""
    drawn, plain = ("time_secs", "%H:%M:%S") if seconds else ("time", "%H:%M")
    return f"<!date^{int(at.timestamp())}^{{{drawn}}}|{at.astimezone(UTC):{plain}} UTC>"


def at(when: datetime | None) -> str:
    """The same after a verb: "at 10:02"."""
    return f"at {clock(when)}" if when else ""


def moment(at: datetime | None) -> str:
    """A date and time of day in the reader's own zone: "today 10:02", "9 Nov 2026 10:30"."""
    if at is None:
        return ""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at.astimezone(UTC):%-d %b %Y %H:%M} UTC>"


def span(length: timedelta) -> str:
    """A length of time with its unit: "48 s", "1 m 12 s", "2 h 5 m"."""
    seconds = int(length.total_seconds())
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:  # noqa: PLR2004  # an hour
        return f"{minutes} m {rest} s"
    return f"{minutes // 60} h {minutes % 60} m"


def count(number: int, thing: str) -> str:
    """A number with its thing: "1 step", "4 steps"."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
