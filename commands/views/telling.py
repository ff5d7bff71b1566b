"""What stakeholders are told before a place changes: what comes, what it brings, and when."""

from collections.abc import Iterator

from commands.views import onboarding, words
from commands.views.blocks import Block, context, section
from commands.views.brings import brought
from runbooks.runs.state import Run
from runbooks.steps.notify import NotifyStakeholders, recipients

_TELLING = {"kubernetes.rollout", "kubernetes.restore", "migrations.plan", "migrations.rollback"}
_MOST, _LONGEST = 6, 200  # lines; characters of one


def told(run: Run) -> dict[str, bool]:
    """Who is told now, once the step has begun and until the run is over: by id, whether others go first."""
    if run.plan is None or run.status.over:
        return {}
    steps = [s for s in run.plan.steps if s.uses == NotifyStakeholders.uses and s.id in run.steps]
    return {whom: whom in step.params.get("authors", {}) for step in steps for whom in recipients(step.params)}


def telling(run: Run) -> tuple[str, tuple[Block, ...]]:
    """The message's text and blocks; the same for everybody."""
    text = f"{_what(run)} soon: {_when(run)}."
    lines = list(_lines(run))[:_MOST]
    asked = f"{run.id} · asked by {words.person(run.requester)}"
    commits = [f"• {found}"] if (found := brought(run.plan)) else []
    return text, (section("\n".join([f"📨 {text}", *commits, *lines])), context(asked))


def _what(run: Run) -> str:
    service, place = words.line(run.service, 90), words.line(run.environment, 90)
    release = f"{service} {words.line(run.version, 90)} {words.commit(run.plan.commit if run.plan else '')}"
    match run.command:
        case "deploy":
            return f"{release} goes to {place}"
        case "drill":
            return f"{release} goes to {place} for a drill, and back"
        case "rollback":
            return f"{release} comes back in {place}"
        case _:
            return f"{onboarding.tenant(run)} goes live on {release} in {place}"


def _when(run: Run) -> str:
    if run.quorum is None:
        return "as soon as it is planned"
    wanted = words.count(run.quorum.count, "approval")
    return f"as soon as it has {wanted} of {words.either([run.quorum.group])}"


def _lines(run: Run) -> Iterator[str]:
    """What the plan says of pods and schema."""
    shown = (line for step in run.plan.steps if step.uses in _TELLING for line in step.shows) if run.plan else ()
    return (f"• {words.line(line, _LONGEST)}" for line in dict.fromkeys(shown))
