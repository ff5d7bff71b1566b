"""Asking for a drill: who may, what stands in the way, and what the place comes back to; and the book of drills."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from runbooks.catalogue import Catalogue
from runbooks.drills.decide import FallDue, Want
from runbooks.drills.state import Drills
from runbooks.engine import asks
from runbooks.engine.desk import Desk
from runbooks.engine.draft import Draft
from runbooks.engine.legs import returns_to
from runbooks.engine.places import where
from runbooks.engine.starts import refuse_busy, refuse_locked
from runbooks.releases.state import Release
from runbooks.runs import commands as run
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run
from runbooks.store import Conflict, Lease, Store
from runbooks.vocabulary import OPSBOT, KnownGood, Quorum, Refused, Unreachable

TRIES = 5  # each lost race means that somebody else's commit won
LOOKED_AT = 200  # runs that go on


def run_id(number: int) -> str:
    """The name of the run: an exercise."""
    return f"E-{number}"


async def drill(ask: asks.Drill, desk: Desk) -> asks.Reply:
    """Start it. Raises Refused.

    Where the bot itself asks, as by its schedule or on its own command line, no group lets it in; the environment's
    approvers still decide.
    """
    service, name, environment = desk.place(ask.service, ask.environment)
    if environment.drill is None:
        drilled = [other for other, place in service.environments.items() if place.drill]
        raise Refused("no-drills", production=environment.production, drilled=drilled, **where(ask.service, name))
    if desk.who.by != OPSBOT:
        desk.admit(frozenset(environment.deployers), "drill")
    runbook = service.runbooks.drill
    held = desk.targets(service, name, runbook)
    release: Release = desk.draft.state(f"release/{ask.service}/{name}")
    refuse_locked(release)
    await refuse_busy(desk, held)
    target = _returns_to(release)
    started = run_id(desk.number)
    request = run.Request(
        by=desk.who.by,
        command=DRILL,
        runbook=runbook,
        service=ask.service,
        environment=name,
        version=ask.version,
        targets=held,
        quorum=Quorum(environment.approval.group, environment.approval.count),
        approval_seconds=int(environment.approval.expires.total_seconds()),
        target=target,
    )
    await desk.draft.apply(f"run/{started}", request)
    facts = {"run": started, "version": ask.version, "back_to": target.version, "group": environment.approval.group}
    return asks.Reply("drilling", facts={**facts, **where(ask.service, name)})


def _returns_to(release: Release) -> KnownGood:
    place = where(release.service, release.environment)
    if release.known_good is None:
        raise Refused("no-known-good", **place)
    if (target := returns_to(release)) is None:
        raise Refused("nothing-to-return-to", why=release.astray, **place)
    return target


@dataclass(frozen=True)
class DrillBook:
    """Where the drills of places are kept: decided anew each time, under the lease that looked."""

    store: Store
    catalogue: Catalogue
    clock: Callable[[], datetime]

    async def read(self, stream: str) -> Drills:
        """As they stand. Raises StoreUnavailable."""
        found: Drills = (await self.store.read([stream])).streams[stream].state
        return found

    async def under_way(self, drills: Drills) -> str:
        """The drill of this place that goes on; "" where none does. Raises StoreUnavailable."""
        runs: list[Run] = await self.store.outstanding("run", LOOKED_AT)
        place = (drills.service, drills.environment)
        here = (each.id for each in runs if each.command == DRILL and (each.service, each.environment) == place)
        return next(here, "")

    async def say(self, lease: Lease, command: Want | FallDue) -> Drills:
        """Keep it; the drills after it. Raises LeaseLost, StoreUnavailable, Unreachable."""
        for _ in range(TRIES):
            draft = Draft(store=self.store, catalogue=self.catalogue, now=self.clock())
            if await draft.apply(lease.work.key, command):
                try:
                    await self.store.commit(draft.changes(), lease)
                except Conflict:
                    continue
            found: Drills = draft.state(lease.work.key)
            return found
        raise Unreachable("The database", "others changed the same drills")
