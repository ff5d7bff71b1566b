"""Every Slack message that a stream's state calls for: the deliveries make Slack equal to this list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commands.views import words
from commands.views.blocks import Block, context, quote, section
from commands.views.finding_card import finding_card, finding_text
from commands.views.run_card import Look, card, severity, title
from runbooks.catalogue import Catalogue, Environment
from runbooks.incidents.findings import Finding
from runbooks.reactions import release_of
from runbooks.runs.state import Run, Status, approval_ends
from runbooks.vocabulary import Failed, InDoubt, PlannedStep, Waiting


@dataclass(frozen=True)
class Message:
    """One message: `key` names it for ever; one that is `kept` is edited when its content changes."""

    key: str
    channel: str
    text: str
    blocks: tuple[Block, ...]
    thread: str = ""  # key of the message whose thread it belongs to
    kept: bool = False


See = Callable[[str], Any]


def streams_seen(state: object) -> list[str]:
    """The other streams that the messages of this state look at."""
    match state:
        case Run() as run if run.service:
            return [release_of(run)]
        case Finding() as finding if finding.name:
            return [f"release/{finding.service}/{finding.environment}", f"run/{finding.run}"]
        case _:
            return []


def messages(catalogue: Catalogue, state: object, see: See) -> list[Message]:
    """The messages that must exist now, in the order in which they are to be posted."""
    match state:
        case Run() as run if (place := _place(catalogue, run.service, run.environment)) is not None:
            return _of_run(run, Look(catalogue, see(release_of(run))), place)
        case Finding() as finding if (place := _place(catalogue, finding.service, finding.environment)) is not None:
            return [_of_finding(finding, place, see)]
        case _:
            return []


def _place(catalogue: Catalogue, service: str, environment: str) -> Environment | None:
    found = catalogue.services.get(service)
    return found.environments.get(environment) if found else None


def _of_run(run: Run, look: Look, place: Environment) -> list[Message]:
    main = f"run/{run.id}/card"
    summary = f"{title(run)} · {run.version} · {run.id}"
    found = [Message(main, place.channels.deploys, summary, tuple(card(run, look)), kept=True)]
    asides = [*_approval(run, look, main), *_questions(run, main), *_failures(run, main)]
    found += [_in_channel(aside, place.channels.deploys) for aside in asides]
    return [*found, *_announcement(run, place)]


def _in_channel(message: Message, channel: str) -> Message:
    return Message(message.key, channel, message.text, message.blocks, message.thread, message.kept)


def _approval(run: Run, look: Look, main: str) -> list[Message]:
    """Whoever must approve is told by a new message, since an edit notifies nobody."""
    if run.quorum is None or run.waiting_since is None:
        return []
    group = words.group(run.quorum.group, look.catalogue.groups.get(run.quorum.group))
    wanted = words.count(run.quorum.count, "approval")
    text = (
        f"{group} {run.id} waits for {wanted}, not by {words.person(run.requester)}, "
        f"until {words.clock(approval_ends(run))}. Approve or reject it on the card above."
    )
    return [Message(f"run/{run.id}/approval/{run.digest[:12]}", "", text, (section(text),), main)]


def _questions(run: Run, main: str) -> list[Message]:
    """A step that asks for a decision: what is asked, its detail, and a mention of whoever started the run."""
    step = run.current
    state = run.of(step) if step else None
    if step is None or state is None or step.uses in ("confirm", "approve") or run.status is not Status.RUNNING:
        return []
    match state.outcome:
        case Waiting(on=on, detail=detail):
            text = f"{words.person(run.requester)} {run.id} waits for {words.safe(on)}: “{words.safe(step.title)}”"
        case InDoubt(question=question):
            detail, text = "", f"{words.person(run.requester)} {run.id} asks: {words.safe(question)}"
        case _:
            return []
    blocks = (section(text), *([section(quote(words.safe(detail, 2500)))] if detail else []))
    return [Message(f"run/{run.id}/question/{step.id}/{state.epoch}", "", text, blocks, main)]


def _failures(run: Run, main: str) -> list[Message]:
    """What a failed step left, in the card's thread: its reason and its last lines."""
    found = []
    for step in run.plan.steps if run.plan else ():
        state = run.of(step)
        if state is not None and isinstance(state.outcome, Failed):
            found.append(_failure(run, step, state.outcome, main))
    if run.status is Status.FAILED and not run.failed_step:
        what = "did not start" if run.plan is None else "did not go on"
        text = f"{words.person(run.requester)} {run.id} {what}: {words.safe(run.reason, 1500)}"
        found.append(Message(f"run/{run.id}/failed", "", text, (section(text),), main))
    return found


def _failure(run: Run, step: PlannedStep, outcome: Failed, main: str) -> Message:
    text = f"❌ {words.person(run.requester)} “{words.safe(step.title)}”: {words.safe(outcome.reason, 1200)}"
    lines = outcome.evidence.get("last_lines") or outcome.evidence.get("tail") or ()
    tail = lines if isinstance(lines, str) else "\n".join(map(str, lines))
    blocks = [section(text), *([section(quote(words.safe(tail[-2000:], 2400)))] if tail else [])]
    return Message(f"run/{run.id}/failure/{step.id}", "", text, tuple(blocks), main)


def _announcement(run: Run, place: Environment) -> list[Message]:
    """Posted once the `announce` step has begun; the step waits until it stands in Slack."""
    begun = run.plan is not None and any(s.uses == "announce" and s.id in run.steps for s in run.plan.steps)
    if not begun or run.plan is None:
        return []
    did = "is deployed to" if run.command == "deploy" else "is back in"
    text = (
        f"{words.safe(run.service)} {words.safe(run.version)} `{run.plan.commit[:7]}` {did} {run.environment}. "
        f"{run.id}, asked by {words.person(run.requester)}."
    )
    channel = place.channels.announce or place.channels.deploys
    return [Message(f"run/{run.id}/announce", channel, text, (section(f"📣 {text}"), context(severity(run))))]


def _of_finding(finding: Finding, place: Environment, see: See) -> Message:
    release, run = see(f"release/{finding.service}/{finding.environment}"), see(f"run/{finding.run}")
    blocks = tuple(finding_card(finding, release, run))
    channel = place.channels.of(finding.severity)
    return Message(f"finding/{finding.id}", channel, finding_text(finding), blocks, kept=True)
