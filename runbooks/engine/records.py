"""What was found out about a record is said of its release: decided anew each time, under the lease that looked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from runbooks.catalogue import Catalogue
from runbooks.engine.draft import Draft
from runbooks.releases.record import CatchUp, FallBehind, Keep
from runbooks.releases.state import Release
from runbooks.store import Conflict, Lease, Store
from runbooks.vocabulary import KnownGood, Unreachable

TRIES = 5  # each lost race means that somebody else's commit won


@dataclass(frozen=True)
class Records:
    """Where the looks at records come in."""

    store: Store
    catalogue: Catalogue
    clock: Callable[[], datetime]

    async def say(
        self,
        lease: Lease,
        command: Keep | FallBehind | CatchUp,
        *,
        about: KnownGood,
        unheld: frozenset[str] = frozenset(),
    ) -> None:
        """Say it of the release whose record is leased, unless another is its last known good by now.

        Nothing is said where a run holds one of `unheld`. Raises what the store raises, Unreachable.
        """
        for _ in range(TRIES):
            draft = Draft(store=self.store, catalogue=self.catalogue, now=self.clock())
            await draft.open([lease.work.key], targets=sorted(unheld))
            release: Release = draft.state(lease.work.key)
            if release.known_good != about or draft.holders or not await draft.apply(lease.work.key, command):
                return None
            try:
                return await self.store.commit(draft.changes(), lease)
            except Conflict:
                continue
        raise Unreachable("The database", "others changed the same release")
