"""The runs of a pack: a line each, then each in full: who asked, the plan, approvals, every step with its times."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from runbooks.packs.markup import Html, facts, joined, lines, moment, span, table, tag
from runbooks.packs.told import Book, RunTold
from runbooks.runs import events as e
from runbooks.runs.state import Run, Status, StepRun
from runbooks.vocabulary import Done, Failed, InDoubt, Json, Pending, PlannedStep, Waiting

LOOKS = {Status.SUCCEEDED: "good", Status.FAILED: "bad", Status.SUPERSEDED: "bad"}
_OUTPUT = 40  # lines of a step's output that are shown; events.jsonl has all that was kept
_TOLD = (e.Requested, e.Answered, e.Approved, e.Disapproved, e.Stopping, e.Ended, e.WayBackEnded)


def overview(book: Book) -> Html:
    """A table with a line for each."""
    head = ("Run", "What", "Asked by", "Approved by", "Tests", "Result", "Changing for")
    return table(head, (_line(book, run) for run in book.runs), class_="runs")


def chapters(book: Book) -> Html:
    """Each in full."""
    return joined(_chapter(book, run) for run in book.runs)


def badge(status: str) -> Html:
    """How it ended, in a word and a colour."""
    look = LOOKS.get(Status(status), "stopped" if Status(status).over else "open")
    return tag("span", status if Status(status).over else "not ended", class_=f"badge {look}")


def what(run: Run) -> str:
    """What it was to do: "deploy v42 to production"."""
    tenant = run.parameters.get("tenant", "")
    match run.command:
        case "onboard":
            return f"onboard {tenant} to {run.environment} on {run.version}"
        case "drill":
            return f"drill of {run.environment} by way of {run.version or 'another version'}"
        case "rollback":
            return f"{'planned ' if run.planned else ''}rollback of {run.environment} to {run.version}"
    return f"{run.command} {run.version} to {run.environment}"


def _line(book: Book, told: RunTold) -> Iterator[object]:
    run = told.run
    yield tag("a", run.id, href=f"#{run.id}")
    yield what(run)
    yield lines([book.who(run.requester), tag("span", moment(told.began), class_="when")])
    yield lines(dict.fromkeys(book.who(approval.by) for approval in told.approvals)) if told.approvals else "–"
    yield lines(tests(run)) or "–"
    yield badge(run.status)
    yield tag("span", span(told.changing) or "–", class_="num")


def tests(run: Run) -> list[str]:
    """What the steps that count as tests came to."""
    found = [(step, run.of(step)) for step in (run.plan.steps if run.plan else ())]
    return [_verdict(state) for step, state in found if state and state.finished and _tests(step, _evidence(state))]


def _tests(step: PlannedStep, evidence: Json) -> bool:
    return step.params.get("tests") is True or evidence.get("tests") is True


def _verdict(state: StepRun) -> str:
    match state.outcome:
        case Done(line=line):
            return f"passed: {line}" if line else "passed"
        case Failed(reason=reason):
            return f"failed: {reason}"
    return ""


def _chapter(book: Book, told: RunTold) -> Html:
    run = told.run
    return tag(
        "section",
        tag("h3", f"{run.id} · {what(run)} ", badge(run.status)),
        facts(_facts(book, told)),
        *([tag("p", tag("b", "Result. "), run.reason)] if run.reason else []),
        *(tag("p", note, class_="note") for note in run.notes),
        *_plan(book, run),
        tag("h4", "Who did what"),
        table(("When (UTC)", "Who", "What"), _acts(book, told), class_="acts"),
        class_="run",
        id=run.id,
    )


def _facts(book: Book, told: RunTold) -> Iterator[tuple[str, object]]:
    run = told.run
    yield (
        "Asked by",
        f"{book.who(run.requester)}, {moment(told.began)}" + (f", since {run.because} failed" if run.because else ""),
    )
    yield "Stopped for it", ", ".join(run.supersedes)
    yield "Document", f"{run.runbook}, SHA-256 {run.plan.document}" if run.plan else run.runbook
    yield "Commit", tag("code", run.plan.commit) if run.plan else ""
    yield "Plan's digest", tag("code", run.digest) if run.digest else ""
    yield "Gaps in the way back", " ".join(run.gaps)
    yield "What approvals agree to", tag("code", run.approvable) if run.gaps else ""
    yield "Approvals wanted", f"{run.quorum.count} of {run.quorum.group}, not by who asked" if run.quorum else "none"
    yield "Waited for approval", span(told.waited)
    yield "Changed the environment", _changed(told)
    yield (
        "Ended",
        f"{moment(run.ended_at)}, {span(run.ended_at - told.began)} after it was asked for" if run.ended_at else "",
    )
    yield "Finding", run.finding
    yield "Rollback", f"{run.way_back.run} {run.way_back.status}, {moment(run.way_back.at)}" if run.way_back else ""


def _changed(told: RunTold) -> str:
    at = told.run.changed_at
    return f"from {moment(at)}, for {span(told.changing)}" if at and told.changing is not None else moment(at) or "no"


def _plan(book: Book, run: Run) -> Iterator[Html]:
    if run.plan is None:
        yield tag("p", "It had no plan: nothing was resolved, and nothing was changed.")
        return
    yield tag("h4", "Plan, step by step")
    head = ("Step", "Began (UTC)", "Took", "Outcome")
    yield table(head, (_step(book, run, step) for step in run.plan.steps), class_="steps")


def _step(book: Book, run: Run, step: PlannedStep) -> Iterator[object]:
    state = run.of(step)
    changes = [tag("span", "changes the environment", class_="badge open")] if step.changes else []
    shown = [tag("span", line, class_="soft") for line in step.shows]
    yield lines(
        [
            joined([tag("b", step.title), *changes], " "),
            tag("span", f"{step.phase} · {step.uses}", class_="soft"),
            *shown,
        ]
    )
    yield tag("span", moment((state.first_began_at or state.began_at) if state else None), class_="when")
    yield tag("span", span(_took(state)) if step.uses != "confirm" else "", class_="num")
    yield _outcome(book, state)


def _took(state: StepRun | None) -> timedelta | None:
    if state is None or state.recorded_at is None:
        return None
    return state.recorded_at - (state.first_began_at or state.began_at)


def _outcome(book: Book, state: StepRun | None) -> Html:
    if state is None:
        return tag("span", "not reached", class_="soft")
    chosen = [_chosen(state.choice, book.who(state.choice_by))] if state.choice_by else []
    match state.outcome:
        case Done(line=line):
            return lines([tag("span", "done", class_="good"), *([line] if line else []), *chosen])
        case Failed(reason=reason, evidence=evidence):
            return lines([tag("span", "failed", class_="bad"), reason, *chosen, *_output(evidence)])
        case Waiting(on=on):
            return lines([tag("span", f"waits for {on}", class_="open"), *chosen])
        case InDoubt(question=question):
            return lines([tag("span", "in doubt", class_="stopped"), question])
        case Pending(line=line):
            return lines([tag("span", "under way", class_="open"), line])
    return tag("span", "begun, nothing recorded", class_="stopped")


def _chosen(choice: str, who: str) -> str:
    return f"by {who}" if choice == "done" else f"“{choice}” by {who}"


def _output(evidence: Json) -> list[Html]:
    told = evidence.get("last_lines")
    return [tag("pre", "\n".join(map(str, told[-_OUTPUT:])))] if isinstance(told, list) and told else []


def _evidence(state: StepRun) -> Json:
    return state.outcome.evidence if isinstance(state.outcome, Done | Failed) else {}


def _acts(book: Book, told: RunTold) -> Iterator[tuple[object, ...]]:
    for event in told.events:
        if isinstance(event, _TOLD):
            yield tag("span", moment(event.at), class_="when"), book.who(event.by), _act(book, told.run, event)


def _act(book: Book, run: Run, event: Any) -> str:
    match event:
        case e.Requested():
            return "asked for it"
        case e.Answered(step=step, choice=choice):
            return f"{_title(run, step)}: {choice}"
        case e.Approved(digest=digest):
            return f"approved the plan {digest}"
        case e.Disapproved(people=people, why=why):
            return f"approvals of {', '.join(map(book.who, people))} count no more: {why}"
        case e.Stopping():
            return "aborted it"
        case e.WayBackEnded(way_back=back):
            return f"rollback {back.run} ended: {back.status}"
        case e.Ended(status=status, successor=successor):
            return f"ended: {status}" + (f" by {successor}" if successor else "")
    return ""


def _title(run: Run, step: str) -> str:
    found = [each.title for each in (run.plan.steps if run.plan else ()) if each.id == step]
    return found[0] if found else step
