"""The holder of a lease: it reads its run with all that was looked at before, and commits one decision after another.

What was read is at hand for the next decision: each commit holds it against the versions that stand, so that it is
read again only where somebody else's commit came between.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from runbooks.catalogue import Catalogue
from runbooks.endings import release_of
from runbooks.engine import locks
from runbooks.engine.draft import Draft
from runbooks.incidents.findings import Raise
from runbooks.runs import commands as c
from runbooks.runs import todo as t
from runbooks.runs.state import Run
from runbooks.store import Conflict, Lease, Snapshot, Store, Stored
from runbooks.vocabulary import PlannedStep

LOCKED = timedelta(minutes=1)  # while a lock holds; its release wakes most runs at once

MayBegin = Callable[[Run, PlannedStep], bool]
"""Whether the intent of this step may stand in the commit of what comes before it: nobody is to be asked first."""


class Holder:
    """One lease on a run, to its end."""

    def __init__(
        self, lease: Lease, store: Store, *, catalogue: Catalogue, clock: Callable[[], datetime], may_begin: MayBegin
    ) -> None:
        self.lease = lease
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._may_begin = may_begin
        self._near: Mapping[str, Stored] = {}

    async def run(self) -> Run:
        """The run as it stands: in one round trip with all that was looked at before."""
        stream = self.lease.work.key
        self._near = (await self._store.read(list(dict.fromkeys([stream, *self._near])))).streams
        run: Run = self._near[stream].state
        return run

    async def read(self, streams: Sequence[str]) -> Snapshot:
        """Other streams beside it, as they stood when the run was read, or later."""
        if lacking := [name for name in streams if name not in self._near]:
            self._near = {**self._near, **(await self._store.read(lacking)).streams}
        return Snapshot({name: self._near[name] for name in streams}, {}, None)

    async def commit(self, command: c.Command | Raise, stream: str = "") -> datetime | None:
        """Decide again as often as somebody else's commit comes between. Answers None: go on at once.

        Where no stream is named, it is the run's. The intent of the run's next step stands in the same commit where
        nothing else is to be done first. Raises LeaseLost, StoreUnavailable, TargetBusy.
        """
        name = stream or self.lease.work.key
        while True:
            draft = Draft(store=self._store, catalogue=self._catalogue, now=self._clock(), at_hand=self._near)
            decided, until = command, None
            await draft.open([name])
            if isinstance(command, c.Begin) and (why := await _locked(draft, name)):
                decided, until = c.Note(why), self._clock() + LOCKED
            if not await draft.apply(name, decided):
                if self._near:
                    self._near = {}  # decided from what may have moved since
                    continue
                await self._store.renew(self.lease)  # the run moved on without us: is it still ours?
                return until
            if isinstance(command, c.Record | c.Adopt):
                await self._intend(draft)
            try:
                await self._store.commit(draft.changes(), self.lease)
            except Conflict:
                self._near = {}
                continue
            self._near = draft.standing
            return until

    async def _intend(self, draft: Draft) -> None:
        """State the intents that come next; the effect waits until they are committed and read back."""
        stream, going_on = self.lease.work.key, True
        while going_on:
            run: Run = draft.state(stream)
            act = t.todo(run, self.lease.epoch, self._clock())
            if not isinstance(act, t.Begin) or t.cut_off(run, act) or not self._may_begin(run, act.step):
                return
            going_on = await draft.apply(stream, c.Begin(act.step.id, self.lease.epoch))


async def _locked(draft: Draft, stream: str) -> str:
    """Read in the commit that would record the first change, so that a lock of the same moment counts."""
    run: Run = draft.state(stream)
    await draft.open([release_of(run)])
    return locks.holds(run, draft.state(release_of(run)))
