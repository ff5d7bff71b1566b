"""What every command and click shares: who it is, the key that makes it count once, and how the reply gets back."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from commands.replies import not_recorded, sentence
from runbooks.catalogue import Catalogue, Environment, Service
from runbooks.commits import Commits
from runbooks.documents.runbook import Runbook
from runbooks.durations import Took
from runbooks.engine.asks import PASSING, Ask, Reply
from runbooks.engine.pack_requests import PackRequests
from runbooks.releases.state import Release
from runbooks.steps.source import Found
from runbooks.store import Store, StoreUnavailable
from runbooks.vocabulary import Actor, KnownGood

Payload = dict[str, Any]
log = logging.getLogger(__name__)


class Reception(Protocol):
    """Takes what people ask (`runbooks.engine`)."""

    async def handle(self, ask: Ask, *, by: Actor, key: str) -> Reply:
        """Record it once, decide, answer. Raises StoreUnavailable."""
        ...

    async def groups(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        """Which of these groups the person is in now. Raises Unreachable."""
        ...

    def reserved(self, runbook: str) -> frozenset[str]:
        """What a run of this runbook reserves of its environment."""
        ...


@dataclass(frozen=True)
class Preview:
    """What the confirmation of a rollback says, a line each; and which changes of others it overwrites, by key."""

    lines: tuple[str, ...] = ()
    overwrites: tuple[str, ...] = ()


class WayBack(Protocol):
    """Reads what a rollback would bring back, and what it would not."""

    async def preview(
        self,
        service: tuple[str, Service],
        environment: tuple[str, Environment],
        target: KnownGood,
        release: Release,
        *,
        took: tuple[Took, ...] = (),
    ) -> Preview:
        """Lines for the private confirmation. What can't be read in time is said to be unknown.

        Places come with their names; `release` is what is known of the place. `took`: how long pods
        took to come here before.
        """
        ...


class Revisions(Protocol):
    """The source repositories' versions. Every method may raise Unreachable."""

    async def newest(self, repository: str, most: int) -> Sequence[str]:
        """Tags, then branches, newest first."""
        ...

    async def resolve(self, repository: str, version: str) -> Found:
        """A tag, a branch or a commit. Raises PlanningFailed where there is none."""
        ...

    async def between(self, repository: str, base: str, head: str) -> Commits | None:
        """What lies between two commits, given in full; None where one of them is gone."""
        ...


@dataclass(frozen=True)
class Said:
    """What came of a request: whether it was accepted, and the sentence for the person.

    `again`: nothing is known to be recorded of it, so the same gesture may be made again.
    """

    accepted: bool
    text: str
    again: bool = False


@dataclass(frozen=True)
class Edge:
    """What the handlers are given."""

    reception: Reception
    store: Store
    catalogue: Catalogue
    way_back: WayBack
    clock: Callable[[], datetime]
    books: Mapping[str, Runbook] = field(default_factory=dict)  # the library, by the documents' ids
    packs: PackRequests | None = None  # None: no audit packs are made here
    revisions: Revisions | None = None  # None: forms offer no versions

    async def submit(self, ask: Ask, *, by: Actor, key: str) -> tuple[bool, str]:
        """Whether it was accepted, and the sentence for the person. Never raises for an absent database."""
        said = await self.say(ask, by=by, key=key)
        return said.accepted, said.text

    async def say(self, ask: Ask, *, by: Actor, key: str) -> Said:
        """The same, and whether the gesture may be made again."""
        try:
            reply = await self.reception.handle(ask, by=by, key=key)
        except StoreUnavailable as cause:
            log.warning("request not recorded: %s", cause)
            return Said(accepted=False, text=not_recorded(cause), again=True)
        return Said(accepted=not reply.refused, text=sentence(reply), again=reply.refused in PASSING)


Respond = Callable[..., Awaitable[Any]]


def actor_of(payload: Payload) -> Actor:
    """The person, from the payload's own ids; never from a name."""
    if "user_id" in payload:
        return Actor(f"{payload['team_id']}/{payload['user_id']}")
    user = payload["user"]
    return Actor(f"{user.get('team_id') or payload['team']['id']}/{user['id']}")


def key_of(payload: Payload, kind: str) -> str:
    """One gesture, one key: Slack's own id of it."""
    return f"{kind}/{payload['trigger_id']}"
