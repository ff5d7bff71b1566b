"""The phases of a run: done ones folded into a line, the one at work step by step, those ahead by their titles."""

from collections.abc import Sequence

from commands.views import words
from commands.views.blocks import Block, button, context, paragraphs, section
from commands.views.gists import folded
from commands.views.lessons_line import lessons_button
from commands.views.steps import AHEAD, DONE, FAILED, STOPPED, WAITS, WORKS, icon, line_of
from runbooks.incidents.incident import Incident
from runbooks.runs.state import Run, Status
from runbooks.vocabulary import InDoubt, PlannedStep, Waiting

Steps = Sequence[PlannedStep]

_AROUND = 3  # phases shown before the one at work, and after it
_MOST_TICKS = 10  # lines with a button at a time
_LINES, _BEFORE = 24, 3  # lines of the phase at work; of those, done ones before the first open one
_TITLES = 160  # characters of the titles ahead


def phases(run: Run, incident: Incident | None = None) -> list[Block]:
    """All phases; of very many those around the one at work. `incident`: whose form can tick one of its lines."""
    if run.plan is None:
        return [section(f"{WORKS} Making the plan")] if run.status is Status.PLANNING else []
    groups = [_of(run.plan.steps, phase) for phase in dict.fromkeys(step.phase for step in run.plan.steps)]
    at = next((n for n, steps in enumerate(groups) if not all(map(run.passed, steps))), len(groups))
    first, last = max(0, at - _AROUND), at + 1 + _AROUND
    blocks = [section(f"{DONE} {words.count(first, 'phase')} before")] if first else []
    for number, steps in enumerate(groups[first:last], first):
        now = _at_work(run, steps, incident) if number == at else _ahead(run, steps)
        blocks += _finished(run, steps) if number < at else now
    more = len(groups) - last
    return [*blocks, *([section(f"{AHEAD} {words.count(more, 'phase')} more")] if more > 0 else [])]


def _of(steps: Steps, phase: str) -> Steps:
    return [step for step in steps if step.phase == phase]


def _name(steps: Steps) -> str:
    return f"*{words.line(steps[0].phase, 90)}*"


def _finished(run: Run, steps: Steps) -> list[Block]:
    said = folded(run, steps)
    return [section(f"{DONE} {_name(steps)}{_took(run, steps)}"), *([context(said)] if said else [])]


def _took(run: Run, steps: Steps) -> str:
    states = [run.steps[s.id] for s in steps if s.id in run.steps]
    begun = [s.first_began_at for s in states if s.first_began_at]
    ended = [s.recorded_at for s in states if s.recorded_at]
    return f"  {words.span(max(ended) - min(begun))}" if begun and ended else ""


def _ahead(run: Run, steps: Steps) -> list[Block]:
    if run.status.over:
        return [section(f"{AHEAD} {_name(steps)}  not begun")]
    titles = " · ".join(words.short(step.title) for step in steps)
    said = titles if len(titles) <= _TITLES else words.count(len(steps), "step")
    return [section(f"{AHEAD} {_name(steps)}"), *([context(said)] if said else [])]


def _at_work(run: Run, steps: Steps, incident: Incident | None) -> list[Block]:
    """Its steps; what a person can tick has its button beside it. Of very many, those around the first open one."""
    at = next((n for n, step in enumerate(steps) if not run.passed(step)), 0)
    first = max(0, min(at - _BEFORE, len(steps) - _LINES))
    shown, more = steps[first : first + _LINES], len(steps) - first - _LINES
    plain = [f"{_sign(run)} {_name(steps)}"]
    plain += [f"{words.INDENT}{DONE} {words.count(first, 'line')} before"] if first else []
    blocks: list[Block] = []
    for step, tick in zip(shown, _ticks(run, shown, incident), strict=True):
        if tick is None:
            plain.append(_line(run, step))
        else:
            blocks += [*paragraphs(plain), section(_line(run, step), tick)]
            plain = []
    plain += [f"{words.INDENT}{AHEAD} {words.count(more, 'line')} more"] if more > 0 else []
    return [*blocks, *paragraphs(plain)]


def _ticks(run: Run, steps: Steps, incident: Incident | None) -> list[Block | None]:
    """The button of each step that a person may tick now, of the first few; the others get theirs in their turn."""
    open_now = [step.id for step in run.open_items if step.uses == "confirm"] if run.status is Status.RUNNING else []
    return [_tick(run, step, incident) if step.id in open_now[:_MOST_TICKS] else None for step in steps]


def _sign(run: Run) -> str:
    if run.status.over:
        return FAILED if run.status is Status.FAILED else STOPPED
    return WAITS if waits_for_people(run) else WORKS


def waits_for_people(run: Run) -> bool:
    """Whether nothing goes on until somebody ticks, decides or approves."""
    step = run.current
    if step is None or run.status is not Status.RUNNING:
        return False
    state = run.of(step)
    asked = state is not None and isinstance(state.outcome, Waiting | InDoubt)
    return step.uses == "confirm" or asked or run.waits_for_approval


def _line(run: Run, step: PlannedStep) -> str:
    return f"{words.INDENT}{icon(run, step)} {words.short(step.title)}{words.INDENT}{line_of(run, step)}".rstrip()


def _tick(run: Run, step: PlannedStep, incident: Incident | None) -> Block:
    if (form := lessons_button(step, incident)) is not None:
        return form
    return button("Done", f"answer:{step.id}:done", {"run": run.id, "step": step.id, "choice": "done"})
