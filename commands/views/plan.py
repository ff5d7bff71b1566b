"""The plan on the card, until the first change begins: what exactly will be done, and who must approve it."""

import shlex
from collections.abc import Iterator

from commands.views import words
from commands.views.blocks import Block, paragraphs, section
from commands.views.brings import brought
from runbooks.catalogue import Runner
from runbooks.releases.state import Release
from runbooks.runs.plans import too_slow
from runbooks.runs.state import Run
from runbooks.steps.kubernetes.estimate import about
from runbooks.vocabulary import Plan, PlannedStep

_LABELS = {
    "kubernetes.rollout": "Pods",
    "kubernetes.restore": "Pods",
    "migrations.plan": "Schema",
    "migrations.apply": "Schema",
    "migrations.rollback": "Schema",
    "migrations.take-back": "Schema",
    "environment.as-before": "Drill",
    "migrations.proven": "Schema",
    "http.health": "Health",
    "probes.check": "Health",
    "way-back.write": "Way back",
    "notify.stakeholders": "Stakeholders",
    "smoke": "Smoke",
    "http.smoke": "Smoke",
    "kpi.baseline": "KPIs",
    "watch": "Watch",
}
_DATABASE = "Database"
_MOST_LINES = 20
_MOST_GAPS = 8
_LONGEST = 200  # characters of a line


def plan_blocks(run: Run, release: Release, compare: str = "") -> list[Block]:
    """The plan, and what has changed in it since it was approved; `compare` is the address of the change."""
    if run.plan is None:
        return []
    lines = list(dict.fromkeys([*_no_way_back(run, release), *_lines(run.plan)]))
    more = [f"{len(lines) - _MOST_LINES} lines more"] if len(lines) > _MOST_LINES else []
    shown = [*lines[:_MOST_LINES], *more, *_approval(run)]
    link = f" · <{compare}|compare>" if compare else ""
    commits = f" · {found}" if (found := brought(run.plan)) else ""
    title = f"*Plan*  {words.code(run.plan.commit)}{commits}{link}"
    blocks = paragraphs([title, *(f"• {line}" for line in shown)])
    if run.difference:
        changed = "\n".join(f"• {words.line(line, _LONGEST)}" for line in run.difference[:10])
        blocks.append(section(f"*The plan has changed, so earlier approvals no longer count:*\n{changed}"))
    return blocks


def _no_way_back(run: Run, release: Release) -> list[str]:
    """Said first, since an approval of this plan is an approval of that."""
    if run.command != "deploy" or release.known_good is not None:
        return []
    place = words.line(f"{run.service} {run.environment}", 180)
    records = f"`opsbot adopt {place}` records what runs now."
    return [f"⚠️ There is no last known good: this deploy can't be rolled back. {records}"]


def _lines(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        if step.uses == "command" and "argv" in step.params:
            yield from _command(step)
        else:
            label = _LABELS.get(step.uses, "")
            yield from (_labelled(label, line) for line in step.shows)


def _labelled(label: str, line: str) -> str:
    """The line after its label in bold, which it need not repeat; the database's is its own, whoever tells of it."""
    label = _DATABASE if line.startswith(f"{_DATABASE}: ") else label
    if not label:
        return words.line(line, _LONGEST)
    return f"*{label}*  {words.line(line.removeprefix(f'{label}: '), _LONGEST)}"


def _command(step: PlannedStep) -> Iterator[str]:
    """The argument list as it is run; the step's own first line says the same in one string."""
    name = words.line(str(step.params["command"]), 40).capitalize()
    where = "as a Job" if step.params.get("runner") == Runner.JOB else "beside the bot"
    yield f"*{name}*  {words.code(shlex.join(step.params['argv']))} {where}"
    yield from (f"*{name}*  {words.line(line, _LONGEST)}" for line in step.shows[1:])


def _approval(run: Run) -> list[str]:
    if run.quorum is None:
        return []
    wanted = f"{run.quorum.count} of {words.either([run.quorum.group])}, not {words.person(run.requester)}"
    return [*_gaps(run), f"*Approval*  {wanted}{why_one_more(run)}{covers(run)}"]


def _gaps(run: Run) -> list[str]:
    """What the rehearsal could not prove; what its lines leave out, its document in the thread tells."""
    left = len(run.gaps) - _MOST_GAPS
    more = [f"{left} more like these; the thread has them"] if left > 0 else []
    shown = [words.line(gap, _LONGEST) for gap in run.gaps[:_MOST_GAPS]]
    return [f"*Way back*  ⚠️ {said}" for said in (*shown, *more)]


def covers(run: Run) -> str:
    """That an approval agrees to gaps in the way back as well, as the end of a line; "" where there is none."""
    those = "this gap" if len(run.gaps) == 1 else f"these {len(run.gaps)} gaps"
    return f" · it covers {those} in the way back" if run.gaps else ""


def why_one_more(run: Run) -> str:
    """Why it takes one approval more than the catalogue asks for, as the end of a line; "" where it does not."""
    seconds = too_slow(run.plan.steps) if run.plan else None
    return f" · one more, since the way back takes about {about(seconds)}, over the five minutes" if seconds else ""
