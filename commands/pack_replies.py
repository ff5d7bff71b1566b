"""Sentences for what is asked of audit packs and refused."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from commands.views import words
from runbooks.vocabulary import Actor

Facts = dict[str, Any]

AGAIN = "Whoever still needs the pack asks again with `/audit`."
NOT_DONE = {"ask for audit packs": "Not made."}


def _moved_on(facts: Facts) -> str:
    by = f" by {words.person(Actor(facts['by']))}" if facts.get("by") else ""
    at = facts["at"]
    when = words.at(datetime.fromisoformat(at) if isinstance(at, str) else at)
    how = {
        "approved": f"it was approved{by} and is being made",
        "delivered": "it was approved and is delivered",
        "failed": "it was approved and could not be delivered",
        "rejected": f"it was rejected{by} {when}",
        "expired": f"its time was over {when}",
    }
    became = how.get(str(facts["status"]), "it has ended")
    return f"This request has moved on: {became}. Nothing was changed by this click. {AGAIN}"


def _nobody(facts: Facts) -> str:
    wanted = words.count(facts["wanted"], "approval")
    return (
        f"Not made. It would need {wanted} of @{facts['group']}, not by you, and the others in that group are "
        f"{facts['others']}. Nothing was recorded. Ask whoever keeps that group to add people."
    )


REFUSED: dict[str, Callable[[Facts], str]] = {
    "pack-moved-on": _moved_on,
    "pack-nobody-approves": _nobody,
    "pack-asked-already": lambda f: (
        f"Not asked again: your request for the same pack waits for @{f['group']} already. Nothing was recorded "
        "twice. Ask one of them to look at it."
    ),
    "no-such-pack": lambda _: f"There is no such request any more. Nothing was changed. {AGAIN}",
}
