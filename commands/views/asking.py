"""Who is waited for, and the buttons with which they answer."""

from commands.views import words
from commands.views.blocks import MOST_DIALOG, Block, actions, button, confirmation, section
from commands.views.plan import covers, why_one_more
from runbooks.catalogue import Catalogue
from runbooks.engine import people
from runbooks.runs.state import Run, Status, approval_ends
from runbooks.steps.incident_lessons import asks_for_lessons
from runbooks.vocabulary import Choice, InDoubt, Means, Waiting

_WHOLE = "… The thread has the whole."


def waiting(run: Run, catalogue: Catalogue) -> list[Block]:
    """One line on who must do what; nothing while the run goes on by itself."""
    said = _approvals(run) if run.waits_for_approval else _decision(run, catalogue)
    return [section(f"⏸ {said}")] if said and run.status is Status.RUNNING else []


def _approvals(run: Run) -> str:
    assert run.quorum is not None  # noqa: S101  # it waits for approvals
    given = f" · approved by {words.people(a.by for a in run.agreed)}" if run.agreed else ""
    wanted = words.count(run.approvals_wanted, "approval")
    return (
        f"Waits for {wanted} of {words.either([run.quorum.group])}, not by {words.person(run.requester)} · "
        f"until {words.clock(approval_ends(run))}{given}{why_one_more(run)}{covers(run)}"
    )


def _decision(run: Run, catalogue: Catalogue) -> str:
    step = run.current
    state = run.of(step) if step else None
    if step is None:
        return ""
    if step.uses == "confirm":
        return f"Waits for {lines_to_do(run)} by {operators(run, catalogue)}"
    match state.outcome if state else None:
        case Waiting(on=on) if step.uses != "approve":
            return f"Waits for {words.line(on)}, by {operators(run, catalogue)} · the thread tells more"
        case InDoubt(question=question):
            return f"{words.line(question)} {operators(run, catalogue)} can answer."
        case _:
            return ""


def _lines_to_tick(run: Run) -> str:
    """How many there are now, such as "3 lines"."""
    return words.count(len([s for s in run.open_items if s.uses == "confirm"]), "line")


def lines_to_do(run: Run) -> str:
    """What people have to do now, such as "3 lines to be ticked"."""
    return "what was learned to be written down" if only_lessons(run) else f"{_lines_to_tick(run)} to be ticked"


def only_lessons(run: Run) -> bool:
    """Whether the open lines ask for nothing but what was learned."""
    return all(map(asks_for_lessons, run.open_items))


def operators(run: Run, catalogue: Catalogue) -> str:
    """The groups whose members may tick, decide and abort, notifying nobody."""
    return words.either(people.operators(catalogue, run)) or "nobody: the catalogue no longer has this environment"


def buttons(run: Run) -> list[Block]:
    """What can be clicked under the card."""
    if run.status not in (Status.PLANNING, Status.RUNNING):
        return []
    of_run = {"run": run.id, "digest": run.approvable}
    judge = [button("Approve", "approve", of_run, "primary"), button("Reject", "reject", of_run)]
    return actions(*(judge if run.waits_for_approval else []), *_choices(run), _abort(run, of_run))


def _abort(run: Run, value: dict[str, str]) -> Block:
    """A mistake costs once a change has begun; before that a click is enough."""
    if not run.changed or run.command == "onboard":
        return button("Abort", "abort", value)
    doing = run.command  # "deploy", "rollback" or "drill"
    asks = confirmation(
        f"Abort this {doing}?",
        f"{run.service} in {run.environment} is being changed. What is under way is ended where that can be done; "
        "what was changed already stays.",
        go="Abort",
        stay="Let it go on",
    )
    return button("Abort", "abort", value, confirm=asks)


def _choices(run: Run) -> list[Block]:
    """Buttons of a step that asks a person for a decision."""
    step = run.current
    state = run.of(step) if step else None
    if step is None or state is None or step.uses in ("confirm", "approve"):
        return []
    match state.outcome:
        case Waiting(choices=choices):
            suggested = choices[0].value if choices else ""
        case InDoubt(choices=choices):
            suggested = ""  # nobody is nudged to say what is not known
        case _:
            return []
    question = {"run": run.id, "step": step.id, "epoch": str(state.epoch)}
    return [_choice(run, question, choice, suggested=choice.value == suggested) for choice in choices]


def _in_general(run: Run) -> str:
    return (
        f"It runs in the database of {run.service} in {run.environment}. What it takes away is gone; its whole text "
        "is in the thread."
    )


def _short(asks: str) -> str:
    """As much as a dialog takes; the thread has the whole."""
    if len(asks) <= MOST_DIALOG:
        return asks
    return f"{asks[: MOST_DIALOG - len(_WHOLE)].rstrip()}{_WHOLE}"


def _choice(run: Run, question: dict[str, str], choice: Choice, *, suggested: bool) -> Block:
    value = {**question, "choice": choice.value}
    action = f"answer:{question['step']}:{choice.value}"
    if not choice.danger:
        style = "primary" if suggested and choice.means is Means.DONE else ""
        return button(choice.label, action, value, style)
    asks = confirmation(
        f"{choice.label}?",
        _short(choice.asks) or _in_general(run),
        go="Run it",
        stay="Cancel",
    )
    return button(choice.label, action, value, "danger", confirm=asks)
