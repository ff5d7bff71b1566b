"""Where metrics and traces are read from: what is asked, committed, claimed and done. It never stops any of it."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.adapters.postgres.pool import Clock, Pool, database_clock
from bot.adapters.postgres.store import PostgresStore
from bot.telemetry import logs
from bot.telemetry.metrics import Metrics
from bot.telemetry.traces import Traces
from commands.edge import Reception
from runbooks.audit.requests import Wanted
from runbooks.engine.asks import Ask, Reply
from runbooks.engine.pack_requests import PackRequests
from runbooks.folds import rooms
from runbooks.packs.scope import Scope
from runbooks.runs import events as e
from runbooks.runs import todo as t
from runbooks.runs.state import Run
from runbooks.store import Append, Changes, Fold, Lease, StoreUnavailable
from runbooks.vocabulary import Actor, Done, Failed, InDoubt, Refused

log = logging.getLogger(__name__)


class Pulse:
    """When each loop of the process last turned."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turned: dict[str, float] = {}

    def beat(self, loop: str) -> None:
        """It turns."""
        self._turned[loop] = self._clock()

    def rest(self, loop: str) -> None:
        """It waits until another one wakes it, however long that is."""
        self._turned.pop(loop, None)

    def still(self, seconds: float) -> list[str]:
        """Those that did not turn for longer than this."""
        return sorted(loop for loop, at in self._turned.items() if self._clock() - at > seconds)


@dataclass
class Asked:
    """What came of a request."""

    outcome: str = "accepted"


@dataclass(frozen=True)
class Watching:
    """What the parts of the process are watched with."""

    metrics: Metrics = field(default_factory=Metrics)
    traces: Traces = field(default_factory=Traces)
    pulse: Pulse = field(default_factory=Pulse)

    @contextmanager
    def asked(self, what: str) -> Iterator[Asked]:
        """A person asked for this; what is committed meanwhile came of it, and it is answered at the end."""
        asked, began = Asked(), time.perf_counter()
        try:
            with self.traces.asked(what):
                yield asked
        except Refused:
            asked.outcome = "refused"
            raise
        except StoreUnavailable as cause:
            asked.outcome = "not known" if cause.unknown else "not recorded"
            raise
        except BaseException:
            asked.outcome = "failed"
            raise
        finally:
            self.metrics.acks.labels(what, asked.outcome).observe(time.perf_counter() - began)

    @contextmanager
    def doing(self, run: Run, act: t.Todo) -> Iterator[None]:
        """The engine does this with a run: its lines name the step, and what a step does outside is a span."""
        step = getattr(act, "step", None)
        with ExitStack() as stack:
            if step is not None:
                stack.enter_context(logs.about(step=step.id))
            if step is not None and isinstance(act, t.Start | t.Settle | t.Stop):
                stack.enter_context(self.traces.doing(run, type(act).__name__.lower(), step))
            yield

    def committed(self, changes: Changes, began: datetime) -> None:
        """These changes stand. A fault in telling of them is logged: they stand all the same."""
        try:
            moved = [append for append in changes.appends if isinstance(append.state, Run)]
            self.traces.committed([append.state for append in moved], began)
            for append in moved:
                self._told(append)
        except Exception:
            log.exception("what was committed could not be told")

    def lost(self, lease: Lease) -> None:
        """Its work was dropped: somebody else holds it now, or may."""
        self.metrics.lost.labels(lease.work.kind).inc()

    def rate_limited(self, method: str) -> None:
        """Slack answered 429 to this method."""
        self.metrics.rate_limited.labels(method).inc()

    def worked(self, lease: Lease, *, seconds: float, due: datetime | None) -> None:
        """A turn at this work took so long; `due`: when there is another one to be."""
        if lease.work.kind == "messages" and due is None:
            self.metrics.delivered.observe(lease.owed.total_seconds() + seconds)

    def _told(self, append: Append) -> None:
        run: Run = append.state
        reads = rooms()["run"].fold.event_type
        for event in (reads.validate_json(each.data) for each in append.events):
            match event:
                case e.Recorded(step=step) | e.Answered(step=step) if step in run.steps:
                    self._step(run, step, event)
                case e.Ended(status=status):
                    self.metrics.runs.labels(run.command, status).inc()
                    self.traces.run_ended(run)

    def _step(self, run: Run, step: str, event: e.Recorded | e.Answered) -> None:
        state, uses = run.steps[step], next((s.uses for s in run.plan.steps if s.id == step), "") if run.plan else ""
        if isinstance(event, e.Recorded) and isinstance(event.outcome, Done | Failed | InDoubt):
            took = event.at - (state.first_began_at or state.began_at)
            self.metrics.steps.labels(uses, event.outcome.kind).observe(took.total_seconds())
        if state.finished:
            self.traces.step_ended(run, step, uses)


class WatchedStore(PostgresStore):
    """The store, whose commits are told of."""

    def __init__(
        self,
        pool: Pool,
        folds: Mapping[str, Fold],
        watching: Watching,
        *,
        now: Clock = database_clock,
        here: Callable[[], datetime] | None = None,
        lease_seconds: float = 10,
    ) -> None:
        super().__init__(pool, folds, now=now, here=here, lease_seconds=lease_seconds)
        self._watching = watching

    async def commit(self, changes: Changes, lease: Lease | None = None) -> None:
        """As the store's."""
        began = self._watching.traces.clock()
        await super().commit(changes, lease)
        self._watching.committed(changes, began)


@dataclass(frozen=True)
class WatchedReception:
    """The reception, whose answers are timed; it answers once they are committed."""

    inner: Reception
    watching: Watching

    async def handle(self, ask: Ask, *, by: Actor, key: str) -> Reply:
        """As the reception's."""
        with self.watching.asked(type(ask).__name__.lower()) as asked:
            reply = await self.inner.handle(ask, by=by, key=key)
            asked.outcome = "refused" if reply.refused else "accepted"
        return reply

    async def groups(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        """As the reception's."""
        return await self.inner.groups(by, among)

    def reserved(self, runbook: str) -> frozenset[str]:
        """As the reception's."""
        return self.inner.reserved(runbook)


@dataclass(frozen=True)
class WatchedPacks(PackRequests):
    """Requests for audit packs, timed as all others."""

    watching: Watching = field(default_factory=Watching)

    async def ask(self, scope: Scope, *, by: Actor, key: str) -> Wanted | None:
        """As theirs."""
        with self.watching.asked("audit"):
            return await super().ask(scope, by=by, key=key)

    async def judge(self, packs: str, request: int, *, by: Actor, approves: bool, key: str) -> None:
        """As theirs."""
        with self.watching.asked("judgeaudit"):
            await super().judge(packs, request, by=by, approves=approves, key=key)
