"""The thread of a run's card: mentions of whoever must act, since an edit notifies nobody, and details."""

from collections.abc import Iterator
from dataclasses import dataclass

from commands.views import words
from commands.views.asking import only_lessons
from commands.views.blocks import Block, quote, section
from commands.views.clock import parts
from runbooks.catalogue import Catalogue
from runbooks.runs.state import Run, Status, approval_ends
from runbooks.vocabulary import Done, Failed, InDoubt, PlannedStep, Waiting

_REASON, _DETAIL, _TAIL = 1200, 2400, 2000  # characters


@dataclass(frozen=True)
class Aside:
    """One message of the thread; `name` tells it from the others of this run for ever."""

    name: str
    text: str
    detail: str = ""  # quoted below it

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The text, then its detail."""
        return (section(self.text), *([section(quote(words.safe(self.detail, _DETAIL)))] if self.detail else []))


def asides(run: Run, catalogue: Catalogue) -> Iterator[Aside]:
    """All that must stand in the thread now, in order."""
    yield from _way_back(run)
    yield from _approval(run, catalogue)
    yield from (Aside(f"clock/{name}", text) for name, text in parts(run))
    yield from _lines(run)
    yield from _question(run)
    yield from _failures(run)


def _way_back(run: Run) -> Iterator[Aside]:
    """The document that says how this release would be taken back."""
    for step in run.plan.steps if run.plan else ():
        state = run.of(step)
        if step.uses == "way-back.write" and state is not None and isinstance(state.outcome, Done):
            document = str(state.outcome.evidence.get("document", ""))
            yield Aside("way-back", f"📄 How {run.id} would be taken back", document)


def _approval(run: Run, catalogue: Catalogue) -> Iterator[Aside]:
    if run.quorum is None or run.waiting_since is None:
        return
    group = words.group(run.quorum.group, catalogue.groups.get(run.quorum.group))
    wanted, until = words.count(run.quorum.count, "approval"), words.clock(approval_ends(run))
    yield Aside(
        f"approval/{run.approvable[:12]}",
        f"{group} {run.id} waits for {wanted}, not by {words.person(run.requester)}, until {until}. "
        "Approve or reject it on the card above.",
    )


def _lines(run: Run) -> Iterator[Aside]:
    """Once a phase, when nothing else is left to do before somebody ticks."""
    step = run.current
    if step is None or step.uses != "confirm" or run.status is not Status.RUNNING or run.plan is None:
        return
    first = next(s.id for s in run.plan.steps if s.phase == step.phase)
    who = words.person(run.requester)
    do = "what was learned: write it down" if only_lessons(run) else "people: tick the open lines"
    yield Aside(f"lines/{first}", f"{who} {run.id} waits for {do} on the card above.")


def _question(run: Run) -> Iterator[Aside]:
    step = run.current
    state = run.of(step) if step else None
    if step is None or state is None or step.uses in ("confirm", "approve") or run.status is not Status.RUNNING:
        return
    name, who = f"question/{step.id}/{state.epoch}", words.person(run.requester)
    match state.outcome:
        case Waiting(on=on, detail=detail):
            yield Aside(name, f"{who} {run.id} waits for {words.line(on)}. Decide on the card above.", detail)
        case InDoubt(question=question):
            yield Aside(name, f"{who} {run.id} asks: {words.line(question)} Answer on the card above.")


def _failures(run: Run) -> Iterator[Aside]:
    for step in run.plan.steps if run.plan else ():
        state = run.of(step)
        if state is not None and isinstance(state.outcome, Failed):
            yield _failure(run, step, state.outcome)
    if run.status is Status.FAILED and not run.failed_step:
        what = "did not start" if run.plan is None else "did not go on"
        yield Aside("failed", f"{words.person(run.requester)} {run.id} {what}: {words.safe(run.reason, _REASON)}")


def _failure(run: Run, step: PlannedStep, outcome: Failed) -> Aside:
    """Its reason and its last lines."""
    lines = outcome.evidence.get("last_lines") or outcome.evidence.get("tail") or ()
    tail = lines if isinstance(lines, str) else "\n".join(map(str, lines))
    text = f"❌ {words.person(run.requester)} “{words.short(step.title)}”: {words.safe(outcome.reason, _REASON)}"
    return Aside(f"failure/{step.id}", text, tail[-_TAIL:])
