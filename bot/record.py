"""Keeps the last known good where the catalogue wants it, and looks whether it is still what runs."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.record_places import Fault, RecordPlaces
from runbooks.catalogue import Catalogue, targets
from runbooks.digests import digest_of
from runbooks.endings import OUTDATED
from runbooks.engine.records import Records
from runbooks.releases.lag import Lag
from runbooks.releases.lkg_file import lkg_json
from runbooks.releases.record import CatchUp, FallBehind, Keep
from runbooks.releases.state import Release
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.outdated import differences
from runbooks.steps.kubernetes.workloads import Denied, Workloads
from runbooks.store import Changes, Lease, Store, StoreUnavailable, Work
from runbooks.vocabulary import OPSBOT, KnownGood, Unreachable

LOOK = timedelta(minutes=5)  # between looks at what is well
AGAIN = timedelta(seconds=10)  # after a place that did not take the record
PATIENCE = timedelta(minutes=2)  # with a place that does not answer, before it is a finding
_START = 1.0  # seconds between tries to put everything on the list
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecordKeeper:
    """What a worker calls with a lease on a release's record."""

    store: Store
    catalogue: Catalogue
    places: RecordPlaces
    workloads: Workloads
    clock: Callable[[], datetime]
    silent: dict[str, datetime] = field(default_factory=dict)  # release -> since when a place did not answer

    async def begin(self) -> None:
        """Have every record looked at once, whatever was left undone before; from then on each has its next time."""
        services = self.catalogue.services.items()
        wake = tuple(Work("record", f"release/{name}/{place}") for name, s in services for place in s.environments)
        while True:
            with suppress(StoreUnavailable):
                return await self.store.commit(Changes(wake=wake))
            await asyncio.sleep(_START)

    async def keep(self, lease: Lease) -> datetime | None:
        """Write it, compare it with what runs; answers when to look again, None where nothing is recorded."""
        release: Release = (await self.store.read([lease.work.key])).streams[lease.work.key].state
        site, good = self._site(release), release.known_good
        if site is None or good is None:
            return None
        written = await self._write(lease, release, good)
        await self._compare(lease, good, site)
        return self.clock() + (LOOK if written else AGAIN)

    async def _write(self, lease: Lease, release: Release, good: KnownGood) -> bool:
        """Whether the record stands in all its places, as far as anybody knows."""
        place = self.catalogue.place(release.service, release.environment)
        if place is None or place.last_known_good is None:
            over = CatchUp(Lag.PLACE, "The catalogue names no place for it any more.")
            await self._records.say(lease, over, about=good)
            return True
        wanted = digest_of([lkg_json(good), place.last_known_good.model_dump(mode="json")])
        faults = await self.places.write(release, place)
        refused = any(not fault.silent for fault in faults)
        if not faults or (release.kept == wanted and not refused):
            self.silent.pop(lease.work.key, None)
            if not faults:
                await self._records.say(lease, Keep(wanted), about=good)
            return True
        log.warning("the record of %s waits: %s", lease.work.key, faults)
        since = self.silent.setdefault(lease.work.key, self.clock())
        if not release.is_behind(Lag.PLACE) and (refused or self.clock() - since >= PATIENCE):
            behind = FallBehind(Lag.PLACE, await self._name(), _unwritten(good, faults))
            await self._records.say(lease, behind, about=good)
        return False

    async def _compare(self, lease: Lease, good: KnownGood, site: Site) -> None:
        """An unknown state of the cluster says nothing: `opsbot doctor` tells of that."""
        held = targets(site.service, site.environment_name)
        seen = await self.store.read([lease.work.key], targets=sorted(held))
        release: Release = seen.streams[lease.work.key].state
        if seen.holders or release.known_good != good:
            return  # it is changing, or has changed since it was written
        try:
            found = await differences(self.workloads, site, good)
        except (Unreachable, Denied) as cause:
            log.info("what runs of %s is not known: %s", lease.work.key, cause)
            return
        behind = release.is_behind(Lag.RUNS)
        if found and not behind and not release.left:  # what a run left is that run's finding
            lines = (*found, *_outdated(release, good, self.clock()))
            now = FallBehind(Lag.RUNS, await self._name(), lines)
            await self._records.say(lease, now, about=good, unheld=held)
        elif behind and not found:
            over = CatchUp(Lag.RUNS, f"{good.version} runs again, as it is recorded.")
            await self._records.say(lease, over, about=good, unheld=held)

    @property
    def _records(self) -> Records:
        return Records(self.store, self.catalogue, self.clock)

    async def _name(self) -> str:
        return f"L-{await self.store.number()}.{OUTDATED}"

    def _site(self, release: Release) -> Site | None:
        service = self.catalogue.services.get(release.service)
        environment = self.catalogue.place(release.service, release.environment)
        if service is None or environment is None:
            return None
        return Site("record", release.service, service, release.environment, environment, requester=OPSBOT)


def _unwritten(good: KnownGood, faults: list[Fault]) -> tuple[str, ...]:
    where = " and ".join(fault.where for fault in faults)
    verb = "does" if len(faults) == 1 else "do"
    return (
        f"{good.version} {good.commit[:7]} is the last known good, but {where} {verb} not say so.",
        *(fault.sentence for fault in faults),
        "Opsbot goes on trying. A rollback does not need it: that goes by Opsbot's own record.",
    )


def _outdated(release: Release, good: KnownGood, now: datetime) -> tuple[str, ...]:
    place = f"{release.service} {release.environment}"
    return (
        f"Seen since {now.astimezone(UTC):%-d %b %H:%M} UTC, with no run under way. The last known good is "
        f"{good.version} {good.commit[:7]}.",
        f"To keep what runs: /deploy it, or `opsbot adopt {place}`. To go back to the record: /rollback {place}.",
    )
