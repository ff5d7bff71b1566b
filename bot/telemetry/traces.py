"""One trace per run, from the command to its effects, told by what was committed.

Ids of a run's trace and of its steps' spans are digests of its state: whichever replica records goes on in the same
trace, and a span's parent is known before it has ended. Off where no exporter is configured.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.trace import set_span_in_context as within
from opentelemetry.util.re import parse_env_headers

from runbooks.runs.state import Run, Status, StepRun
from runbooks.vocabulary import Failed, PlannedStep

PATIENCE = 5.0  # seconds that the collector has to take spans
_TRACE, _SPAN = 16, 8  # bytes of their ids
_REASON = 300  # characters of a failure
log = logging.getLogger(__name__)
_GESTURE: ContextVar["Gesture | None"] = ContextVar("gesture", default=None)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Gesture:
    """What a person asked, while it is handled, and the runs that it moved."""

    began: datetime
    span: int
    moved: dict[str, Run] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A span, whole: it is made when it has ended."""

    name: str
    id: int
    parent: int  # 0: it is the trace's root
    began: datetime
    ended: datetime
    kind: SpanKind = SpanKind.INTERNAL
    about: Mapping[str, str] = field(default_factory=dict)
    links: Sequence[Link] = ()
    failed: str = ""  # why, where it did


class Given(IdGenerator):
    """The ids of the next span, as they were derived."""

    def __init__(self) -> None:
        self.trace = self.span = 0

    def generate_span_id(self) -> int:
        """The span's."""
        return self.span

    def generate_trace_id(self) -> int:
        """The trace's, where the span has no parent."""
        return self.trace


class Traces:
    """Spans of runs, handed to `processor`; None: none are made."""

    def __init__(self, processor: SpanProcessor | None = None, clock: Callable[[], datetime] = _now) -> None:
        self.clock = clock
        self._ids = Given()
        self._provider: TracerProvider | None = None
        if processor is not None:
            resource = Resource.create({"service.name": "opsbot"})
            self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
            self._provider.add_span_processor(processor)

    @contextmanager
    def asked(self, what: str) -> Iterator[None]:
        """Whatever is committed meanwhile came of this gesture."""
        gesture = Gesture(self.clock(), _random())
        token = _GESTURE.set(gesture)
        try:
            yield
        finally:
            _GESTURE.reset(token)
            for run in gesture.moved.values():
                self._tell(run, Told(f"ask {what}", gesture.span, root_of(run), gesture.began, self.clock()))

    @contextmanager
    def doing(self, run: Run, what: str, step: PlannedStep) -> Iterator[None]:
        """A call of a step, with the commit of what it answers: what goes on outside meanwhile is its effect."""
        began = self.clock()
        try:
            yield
        finally:
            state = run.steps.get(step.id)
            parent = step_of(run, step.id, state) if state else root_of(run)
            about = {"opsbot.step": step.id}
            name, kind = f"{what} {step.uses}", SpanKind.CLIENT
            self._tell(run, Told(name, _random(), parent, began, self.clock(), kind, about))

    def committed(self, runs: Sequence[Run], began: datetime) -> None:
        """A commit moved these runs."""
        gesture = _GESTURE.get()
        if gesture is None:
            return
        for run in runs:
            others = [Link(_context(other, root_of(other))) for other in runs if other.id != run.id]
            gesture.moved[run.id] = run
            self._tell(run, Told("commit", _random(), gesture.span, began, self.clock(), links=others))

    def step_ended(self, run: Run, step: str, uses: str) -> None:
        """A step has its outcome."""
        state, about = run.steps[step], {"opsbot.step": step, "opsbot.uses": uses}
        began, ended = state.first_began_at or state.began_at, state.recorded_at or self.clock()
        reason = state.outcome.reason if isinstance(state.outcome, Failed) else ""
        span = Told(f"step {uses}", step_of(run, step, state), root_of(run), began, ended, about=about, failed=reason)
        self._tell(run, span)

    def run_ended(self, run: Run) -> None:
        """A run is over: the span that all others of it are in."""
        about = {"opsbot.status": str(run.status), "opsbot.version": run.version, "opsbot.because": run.because}
        began, ended = run.requested_at or self.clock(), run.ended_at or self.clock()
        failed = run.reason if run.status is Status.FAILED else ""
        self._tell(
            run, Told(f"{run.command} {run.service}", root_of(run), 0, began, ended, about=about, failed=failed)
        )

    async def end(self) -> None:
        """Hand over what is left; half a minute at most."""
        if self._provider is not None:
            await asyncio.to_thread(self._provider.shutdown)

    def _tell(self, run: Run, span: Told) -> None:
        if self._provider is None:
            return
        try:
            self._make(self._provider, run, span)
        except Exception:  # what is told of stands all the same
            log.exception("a span of %s could not be made", run.id)

    def _make(self, provider: TracerProvider, run: Run, span: Told) -> None:
        place = {"opsbot.run": run.id, "opsbot.service": run.service, "opsbot.environment": run.environment}
        self._ids.trace, self._ids.span = trace_of(run), span.id
        made = provider.get_tracer("opsbot").start_span(
            span.name,
            context=within(NonRecordingSpan(_context(run, span.parent))) if span.parent else Context(),
            kind=span.kind,
            attributes={**place, **span.about},
            links=span.links,
            start_time=_nanoseconds(span.began),
        )
        if span.failed:
            made.set_status(StatusCode.ERROR, span.failed[:_REASON])
        made.end(_nanoseconds(span.ended))


@asynccontextmanager
async def exporting(endpoint: str, headers: str) -> AsyncIterator[Traces]:
    """Traces to this collector (OTLP over HTTP), none where the address is ""; what is left is sent at the end."""
    traces = Traces(BatchSpanProcessor(_exporter(endpoint, headers)) if endpoint else None)
    try:
        yield traces
    finally:
        await traces.end()


def _exporter(endpoint: str, headers: str) -> OTLPSpanExporter:
    address = f"{endpoint.rstrip('/')}/v1/traces"
    return OTLPSpanExporter(address, headers=dict(parse_env_headers(headers, liberal=True)), timeout=PATIENCE)


def trace_of(run: Run) -> int:
    """The id of its trace: the same on every replica, another one in every other database."""
    return _digest(_TRACE, run.id, _text(run.requested_at))


def root_of(run: Run) -> int:
    """The id of the span that is the whole run."""
    return _digest(_SPAN, run.id, _text(run.requested_at), "run")


def step_of(run: Run, step: str, state: StepRun) -> int:
    """The id of a step's span; begun for a new plan, it has another one."""
    return _digest(_SPAN, run.id, _text(run.requested_at), step, _text(state.first_began_at or state.began_at))


def _digest(size: int, *parts: str) -> int:
    return int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:size])


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


def _random() -> int:
    return secrets.randbits(8 * _SPAN) or 1


def _context(run: Run, span: int) -> SpanContext:
    return SpanContext(trace_of(run), span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
