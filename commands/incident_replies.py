"""What people are told of incidents: why something was not done, and what was."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from commands.views import words
from runbooks.vocabulary import Actor

Say = Callable[[dict[str, Any]], str]

NOT_DONE = {
    "open": "Not opened.",
    "declare": "Not declared.",
    "update": "Not updated.",
    "resolve": "Not resolved.",
    "lead": "The lead was not taken.",
    "take over": "Not taken over.",
    "close": "Not closed.",
}
"""What was tried, and what a refusal of it begins with."""


def _when(facts: dict[str, Any]) -> str:
    at = facts["at"]
    return words.clock(datetime.fromisoformat(at) if isinstance(at, str) else at)


def _resolved_already(facts: dict[str, Any]) -> str:
    who = words.person(Actor(facts["by"]))
    return (
        f"{facts['incident']} was resolved by {who} at {_when(facts)}. Nothing was changed. "
        "`/incident declare` opens another, if it is not over."
    )


def _follow_up_done(facts: dict[str, Any]) -> str:
    who = words.person(Actor(facts["by"]))
    return f"{who} said at {_when(facts)} what was found: its card tells it. Nothing was changed."


def _follow_up_taken(facts: dict[str, Any]) -> str:
    who = words.person(Actor(facts["by"]))
    return f"{who} has investigated it since {_when(facts)}. Nothing was changed; a button on its card takes it over."


def _lead_taken(facts: dict[str, Any]) -> str:
    who = words.person(Actor(facts["by"]))
    return f"{who} has led {facts['incident']} since {_when(facts)}. Nothing was changed; its card takes over."


REFUSED: dict[str, Say] = {
    "lead-yours": lambda f: f"You have led {f['incident']} since {_when(f)}; its card says so. Nothing was changed.",
    "lead-taken": _lead_taken,
    "no-follow-up": lambda f: (
        f"{f['incident']} has nothing to investigate. Nothing was changed. `/incident list` shows what has."
    ),
    "follow-up-yours": lambda f: (
        f"You have investigated it since {_when(f)}. Nothing was changed; its card asks what you found."
    ),
    "follow-up-done": _follow_up_done,
    "follow-up-taken": _follow_up_taken,
    "no-such-incident": lambda f: (
        f"There is no incident {f['incident']}. Nothing was changed. `/incident list` shows those that are open."
    ),
    "resolved-already": _resolved_already,
    "lessons-missing": lambda f: (
        f"Not resolved. {f['incident']} ends with what was learned. Nothing was changed; "
        f"the form of `/incident resolve {f['incident']}` asks for it."
    ),
    "incident-already": lambda f: (
        f"This finding belongs to {f['incident']} already. Nothing was changed. `/incident list` shows its channel."
    ),
}
DONE: dict[str, Say] = {
    "opened": lambda f: (
        f"Opened {f['incident']} for {f['service']} in {f['environment']}. Its channel is being made."
    ),
    "leading": lambda f: f"You lead {f['incident']} now. Its card and its channel say so.",
    "investigating": lambda f: f"You investigate {f['incident']} now. Its card and its channel say so.",
    "found": lambda f: f"Closed the investigation of {f['incident']}. Its card and its channel say what was found.",
    "updated": lambda f: f"Updated {f['incident']}. Its card and its channel say so.",
    "resolved": lambda f: (
        f"Resolved {f['incident']}.{' Its lessons are kept, and told in its channel.' if f['lessons'] else ''}"
    ),
}
