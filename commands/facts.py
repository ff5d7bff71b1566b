"""The facts of a reply, as words: who, when, of which groups."""

from datetime import datetime
from typing import Any

from commands.views import words
from runbooks.vocabulary import Actor

Facts = dict[str, Any]


def who(facts: Facts) -> str:
    """The person; "somebody" where nobody is named."""
    return words.person(Actor(facts["by"])) if facts.get("by") else "somebody"


def when(facts: Facts) -> str:
    """The moment, as Slack shows it."""
    at = facts.get("at")
    return words.at(datetime.fromisoformat(at) if isinstance(at, str) else at)


def groups(facts: Facts) -> str:
    """The groups whose members can help; "" where there are none."""
    found = facts.get("groups") or []
    return " or ".join(f"@{g}" for g in found)
