"""A request of a course, and what speaks against it."""

from dataclasses import dataclass

from runbooks.engine import asks
from runbooks.vocabulary import Actor
from tests.model.places import Shown


@dataclass
class Asked:
    """A request, and what the model knows of it."""

    ask: asks.Ask
    by: Actor
    key: str
    against: set[str]
    plan: str | None
    shown: Shown | None
    reply: asks.Reply | None = None  # the first
