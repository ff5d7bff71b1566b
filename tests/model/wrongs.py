"""Wrong things to plant in the engine: a model that nothing ever contradicts shows nothing."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from runbooks.engine import asks
from runbooks.engine.handle import Reception
from runbooks.releases.state import Release
from runbooks.store import Lease, Snapshot
from runbooks.vocabulary import Actor
from tests.engine.world import ALEX, SAM
from tests.model.bench import GatedStore, Parts

_anew = itertools.count()


class OwnApprovalCounts(Reception):
    """Whoever asked for a run approves it, in somebody else's name."""

    async def handle(self, ask: asks.Ask, *, by: Actor, key: str) -> asks.Reply:
        reply = await super().handle(ask, by=by, key=key)
        if reply.refused != "own-request":
            return reply
        return await super().handle(ask, by=SAM if by == ALEX else ALEX, key=f"{key}/own")


class EveryGestureIsNew(Reception):
    """A gesture that Slack sends again is another one."""

    async def handle(self, ask: asks.Ask, *, by: Actor, key: str) -> asks.Reply:
        return await super().handle(ask, by=by, key=f"{key}/{next(_anew)}")


class AnyPlanIsMeant(Reception):
    """An approval counts for the plan that stands, whichever was shown."""

    async def handle(self, ask: asks.Ask, *, by: Actor, key: str) -> asks.Reply:
        if isinstance(ask, asks.Approve):
            run = (await self.store.read([f"run/{ask.run}"])).streams[f"run/{ask.run}"].state
            ask = replace(ask, digest=run.digest)
        return await super().handle(ask, by=by, key=key)


class LocksUnseen(GatedStore):
    """Reads every place as if it were neither locked nor held."""

    async def read(
        self, streams: Sequence[str], *, targets: Sequence[str] = (), inbox: str | None = None, number: bool = False
    ) -> Snapshot:
        found = await super().read(streams, targets=targets, inbox=inbox, number=number)
        return replace(found, streams={name: _unlocked(stored) for name, stored in found.streams.items()})


def _unlocked(stored: Any) -> Any:
    if not isinstance(stored.state, Release):
        return stored
    return replace(stored, state=replace(stored.state, lock=None, hold=None))


class VoidLeasesCount(GatedStore):
    """Commits whoever's epoch is void."""

    heeds_leases = False

    async def renew(self, lease: Lease) -> Lease:
        return lease


WRONG = {
    "an approval of one's own counts": Parts(reception=OwnApprovalCounts),
    "an approval of another plan counts": Parts(reception=AnyPlanIsMeant),
    "one approval is enough": Parts(approvals=1),
    "a gesture that comes again is a new one": Parts(reception=EveryGestureIsNew),
    "locks are not seen": Parts(store=LocksUnseen),
    "a void lease counts": Parts(store=VoidLeasesCount),
}
