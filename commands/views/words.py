"""Small pieces of text for Slack: mentions, times, durations, and outside text made harmless."""

from datetime import UTC, datetime, timedelta

from runbooks.catalogue import Group
from runbooks.vocabulary import OPSBOT, Actor

INDENT = "\u2003"  # em space: ordinary leading spaces collapse in Slack


def safe(text: str, limit: int = 600) -> str:
    """Text from outside, escaped for mrkdwn (a `<!channel>` in it pages nobody) and cut to `limit` characters."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def person(actor: Actor | None) -> str:
    """A mention of a person; the bot by its name."""
    if actor is None:
        return "somebody"
    return "Opsbot" if actor == OPSBOT else f"<@{actor.rpartition('/')[2]}>" if "/" in actor else safe(actor)


def group(name: str, found: Group | None) -> str:
    """A mention of everybody in a group, so that they are notified."""
    if found is None:
        return f"@{name}"
    if found.slack:
        return f"<!subteam^{found.slack}|@{name}>"
    return " ".join(f"<@{member}>" for member in sorted(found.members)) or f"@{name}"


def clock(at: datetime | None) -> str:
    """A time of day in the reader's own zone."""
    if at is None:
        return ""
    return f"<!date^{int(at.timestamp())}^{{time}}|{at.astimezone(UTC):%H:%M} UTC>"


def day(at: datetime) -> str:
    """A date and time of day in the reader's own zone."""
    return f"<!date^{int(at.timestamp())}^{{date_short}} {{time}}|{at.astimezone(UTC):%-d %b %Y %H:%M} UTC>"


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
