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
}
"""What was tried, and what a refusal of it begins with."""


def _resolved_already(facts: dict[str, Any]) -> str:
    who, at = words.person(Actor(facts["by"])), facts["at"]
    when = words.at(datetime.fromisoformat(at) if isinstance(at, str) else at)
    return (
        f"{facts['incident']} was resolved by {who} {when}. Nothing was changed. "
        "`/incident declare` opens another, if it is not over."
    )


REFUSED: dict[str, Say] = {
    "no-such-incident": lambda f: (
        f"There is no incident {f['incident']}. Nothing was changed. `/incident list` shows those that are open."
    ),
    "resolved-already": _resolved_already,
    "lessons-missing": lambda f: (
        f"Not resolved. {f['incident']} is {f['severity']}, so it ends with what was learned. Nothing was changed; "
        f"the form of `/incident resolve {f['incident']}` asks for it."
    ),
    "incident-already": lambda f: (
        f"It belongs to {f['incident']} already. Nothing was changed. `/incident list` shows where it is worked on."
    ),
}
DONE: dict[str, Say] = {
    "opened": lambda f: (
        f"Opened {f['incident']} for {f['service']} in {f['environment']}. Its channel is being made."
    ),
    "updated": lambda f: f"Updated {f['incident']}. Its card and its channel say so.",
    "resolved": lambda f: (
        f"Resolved {f['incident']}.{' Its lessons are kept, and told in its channel.' if f['lessons'] else ''}"
    ),
}
