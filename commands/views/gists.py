"""What a folded phase still says of its steps, in words that make sense without their titles."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from commands.views import words
from commands.views.steps import PASSED, decided, last_known_good
from runbooks.runs.state import Run, Status, StepRun
from runbooks.schema_fit import FIT
from runbooks.steps.http_smoke import NOT_PINNED
from runbooks.vocabulary import Done, Failed, PlannedStep

_LONGEST = 160  # characters of one step
_MOST = 8  # steps of one phase


def folded(run: Run, steps: Sequence[PlannedStep]) -> str:
    """One line for all of them."""
    found = [said for step in steps if (said := gist(run, step))]
    more = [f"{len(found) - _MOST} more"] if len(found) > _MOST else []
    return " · ".join([*found[:_MOST], *more, *_ticks(run, steps)])


def _ticks(run: Run, steps: Sequence[PlannedStep]) -> list[str]:
    ticked = [run.steps[s.id] for s in steps if s.uses == "confirm" and s.id in run.steps]
    by = words.people(state.choice_by for state in ticked)
    return [f"{words.count(len(ticked), 'line')} ticked by {by}"] if ticked else []


def gist(run: Run, step: PlannedStep) -> str:
    """What there is to say of one, "" where nothing."""
    state = run.of(step)
    match state.outcome if state else None:
        case Failed(reason=reason):
            return f"{PASSED} {words.short(step.title)}: {words.line(reason, _LONGEST)}"
        case Done() as done if state is not None and step.uses != "confirm":
            return _done(run, step, state, done)
        case _:
            return ""


def _done(run: Run, step: PlannedStep, state: StepRun, done: Done) -> str:
    if step.uses == "approve":
        return f"approved by {words.people(a.by for a in run.agreed)}" if run.agreed else ""
    if step.params.get("first") and not done.evidence:
        return ""  # the line before the pods was passed over: the one after them tells
    if step.uses == "lkg.update" and run.status is Status.SUCCEEDED:
        return last_known_good(run)
    if done.line and (say := _SAY.get(step.uses)) is not None:
        return words.line(say(done.line, done.evidence), _LONGEST)
    said = words.line(done.line, _LONGEST) or decided(state)
    name = "schema" if step.uses == "migrations.rollback" else f"{words.short(step.title)}:"
    return f"{name} {said}" if said else ""


def _as_it_is(line: str, _: Mapping[str, Any]) -> str:
    return line


def _command(line: str, evidence: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{number} {word}" for word, number in evidence.get("counts", {}).items())
    first, _, rest = line.partition(" · ")
    note = f" · {NOT_PINNED}" if rest.endswith(NOT_PINNED) else ""
    return f"{evidence.get('command', 'command')}: {counts or first}{note}"


def _health(line: str, evidence: Mapping[str, Any]) -> str:
    return f"health checks {evidence['passes']} of {evidence['passes']}" if "passes" in evidence else line


def _smoke(line: str, _: Mapping[str, Any]) -> str:
    return f"smoke: {line}"


def _planned(line: str, evidence: Mapping[str, Any]) -> str:
    files = evidence.get("files")
    return line if files is None else f"{words.count(len(files), 'migration')} to apply" if files else "no migration"


def _rehearsed(line: str, evidence: Mapping[str, Any]) -> str:
    return line if evidence.get("files") else ""


def _old_release(line: str, evidence: Mapping[str, Any]) -> str:
    return line if FIT in evidence or line.startswith("not known") else ""


def _applied(line: str, evidence: Mapping[str, Any]) -> str:
    return line if evidence.get("applied", True) else ""


def _taken_over(line: str, evidence: Mapping[str, Any]) -> str:
    return line if evidence else ""


_SAY: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
    "ci.verdict": _as_it_is,
    "command": _command,
    "http.health": _health,
    "http.smoke": _smoke,
    "migrations.plan": _planned,
    "migrations.apply": _applied,
    "migrations.proven": _as_it_is,
    "migrations.old-release": _old_release,
    "migrations.rehearse": _rehearsed,
    "migrations.rollback": _as_it_is,
    "migrations.take-back": _as_it_is,
    "environment.as-before": _as_it_is,
    "notify.stakeholders": _as_it_is,
    "probes.check": _health,
    "take-over": _taken_over,
    "way-back.write": _as_it_is,
    "kubernetes.rollout": _as_it_is,
    "kubernetes.restore": _as_it_is,
    "lkg.update": _as_it_is,
    "kpi.baseline": _as_it_is,
    "announce": _as_it_is,
}
"""By `uses`; a step of any other kind is named by its title."""
