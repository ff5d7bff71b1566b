"""The card of a run: what it is, where it stands, who is waited for. One per run, always current."""

from dataclasses import dataclass

from commands.views import words
from commands.views.blocks import Block, actions, button, context, divider, header, section
from commands.views.steps import ICONS, icon, line_of
from runbooks.catalogue import Catalogue, OnFailure
from runbooks.releases.state import Release
from runbooks.runs.state import Run, Status, approval_ends
from runbooks.vocabulary import InDoubt, Means, PlannedStep, Waiting

MOST_BLOCKS = 48  # Slack takes fifty


@dataclass(frozen=True)
class Look:
    """What a view may look at beside its own stream."""

    catalogue: Catalogue
    release: Release


def card(run: Run, look: Look) -> list[Block]:
    """The whole card."""
    blocks = [header(title(run)), context(subtitle(run, look)), *_notes(run)]
    if run.plan is not None and not run.provisional:
        blocks += _plan(run) if _shows_plan(run) else []
    blocks += _phases(run)
    blocks += [section(f"⏸ {_wait(run)}")] if run.waits_for_approval else []
    blocks += [*_ending(run, look), *_buttons(run)]
    return blocks[:MOST_BLOCKS]


def title(run: Run) -> str:
    """The card's first line; it changes with the run's end."""
    place = f"{run.service} to {run.environment}" if run.command == "deploy" else f"{run.service} {run.environment}"
    back = f"{place} to {run.version}"
    titles = {
        ("deploy", Status.SUCCEEDED): f"Deployed {place}",
        ("deploy", Status.FAILED): f"Deploy failed: {place}",
        ("rollback", Status.SUCCEEDED): f"Rolled back {back}{_in_all(run)}",
        ("rollback", Status.FAILED): f"Rollback failed: {back}",
    }
    plain = f"Deploy {place}" if run.command == "deploy" else f"Roll back {back}"
    if run.status is Status.FAILED and run.plan is None:
        return f"Not started: {plain}"
    ends = {
        Status.ABORTED: f"Aborted: {plain}",
        Status.REJECTED: f"Rejected: {plain}",
        Status.EXPIRED: f"Expired: {plain}",
        Status.SUPERSEDED: f"Stopped: {plain}",
    }
    return titles.get((run.command, run.status)) or ends.get(run.status) or plain


def _in_all(run: Run) -> str:
    """How long it took from the request until production was seen to be healthy, where nobody had to approve."""
    steps = run.plan.steps if run.plan else ()
    seen = [run.steps[s.id].recorded_at for s in steps if s.uses == "http.health" and s.id in run.steps]
    healthy = max((at for at in seen if at), default=None)
    return f" in {words.span(healthy - run.requested_at)}" if healthy and run.requested_at and not run.quorum else ""


def subtitle(run: Run, look: Look) -> str:
    """What from, what to, who asked and when."""
    asked = f"asked by {words.person(run.requester)} {words.clock(run.requested_at)}"
    if run.because:
        asked = f"since {run.because} failed"
    return f"*{severity(run)}* · {run.id} · {_versions(run, look)} · {asked}"


def severity(run: Run) -> str:
    """S2 while production is being taken back or a deploy has failed, else S3 (the branch's default)."""
    return "S2" if run.command == "rollback" or (run.status is Status.FAILED and run.changed) else "S3"


def _versions(run: Run, look: Look) -> str:
    to = f"*{words.safe(run.version)}*"
    if run.plan and run.plan.commit:
        to += f" `{run.plan.commit[:7]}`"
    good = look.release.known_good
    if run.status is Status.SUCCEEDED or good is None or run.command == "rollback":
        return to
    return f"{words.safe(good.version)} `{good.commit[:7]}` → {to}"


def _shows_plan(run: Run) -> bool:
    """The plan is shown until the first change begins."""
    return not run.changed and not run.status.over


def _plan(run: Run) -> list[Block]:
    assert run.plan is not None  # noqa: S101  # asked by the caller
    lines = list(dict.fromkeys(words.safe(line) for step in run.plan.steps for line in step.shows))
    if run.quorum:
        lines.append(f"Needs {words.count(run.quorum.count, 'approval')} of @{run.quorum.group}")
    blocks = [section("*Plan* " + f"`{run.plan.commit}`\n" + "\n".join(f"• {line}" for line in lines[:20]))]
    if run.difference:
        changed = "\n".join(f"• {words.safe(line)}" for line in run.difference[:10])
        blocks.append(section(f"*The plan has changed, so earlier approvals no longer count:*\n{changed}"))
    return blocks


def _notes(run: Run) -> list[Block]:
    return [context(f"ℹ️ {words.safe(note)}") for note in run.notes[-3:]]


def _phases(run: Run) -> list[Block]:
    if run.plan is None:
        return [section("⏳ Making the plan")] if not run.status.over else []
    blocks: list[Block] = [divider()]
    for phase in dict.fromkeys(step.phase for step in run.plan.steps):
        blocks += _phase(run, phase, [s for s in run.plan.steps if s.phase == phase])
    return blocks


def _phase(run: Run, phase: str, steps: list[PlannedStep]) -> list[Block]:
    current = run.current
    if all(run.passed(s) for s in steps):
        return [section(f"✅ *{phase}*{_took(run, steps)}{_ticked(run, steps)}")]
    if current is None or current.phase != phase:
        return [section(f"▫️ *{phase}*  {words.count(len(steps), 'step')}")]
    icon_of_phase = ICONS["failed"] if run.status is Status.FAILED else "⏳" if not run.status.over else "◾"
    return [section(f"{icon_of_phase} *{phase}*"), *_lines(run, steps)]


def _took(run: Run, steps: list[PlannedStep]) -> str:
    states = [run.steps[s.id] for s in steps if s.id in run.steps]
    begun = [s.first_began_at for s in states if s.first_began_at]
    ended = [s.recorded_at for s in states if s.recorded_at]
    return f"  {words.span(max(ended) - min(begun))}" if begun and ended else ""


def _ticked(run: Run, steps: list[PlannedStep]) -> str:
    """A folded phase still names what its steps found, in one line."""
    found = [line for s in steps if s.uses not in ("confirm", "approve") and (line := line_of(run, s))]
    return "\n" + words.INDENT + " · ".join(found[:4]) if found else ""


def _lines(run: Run, steps: list[PlannedStep]) -> list[Block]:
    """The steps of the phase at work; those that a person can tick have their button beside them."""
    blocks: list[Block] = []
    plain: list[str] = []
    for step in steps:
        text = f"{words.INDENT}{icon(run, step)} {words.safe(step.title)}  {line_of(run, step)}".rstrip()
        tick = _tick(run, step)
        if tick is None:
            plain.append(text)
            continue
        blocks += [section("\n".join(plain))] if plain else []
        plain = []
        blocks.append(section(text, tick))
    return [*blocks, *([section("\n".join(plain))] if plain else [])]


def _tick(run: Run, step: PlannedStep) -> Block | None:
    if step.uses != "confirm" or run.status is not Status.RUNNING or step not in run.open_items:
        return None
    return button("Done", f"answer:{step.id}:done", {"run": run.id, "step": step.id, "choice": "done"})


def _wait(run: Run) -> str:
    assert run.quorum is not None  # noqa: S101  # it waits for approvals
    group = words.safe(run.quorum.group)
    given = f" · approved by {', '.join(words.person(a.by) for a in run.approvals)}" if run.approvals else ""
    wanted = words.count(run.approvals_wanted, "approval")
    until = words.clock(approval_ends(run))
    return f"Waits for {wanted} of @{group}, not by {words.person(run.requester)} · until {until}{given}"


def _ending(run: Run, look: Look) -> list[Block]:
    if not run.status.over:
        return [section("⏳ Stopping what is under way")] if run.status is Status.STOPPING else []
    when, who = words.clock(run.ended_at), words.person(run.ended_by)
    reason = words.safe(run.reason, 1500)
    texts = {
        Status.SUCCEEDED: f"✅ Done {when}",
        Status.FAILED: _failed(run, look),
        Status.ABORTED: f"⏹ Aborted by {who} {when}. {reason or 'Nothing was under way.'}",
        Status.REJECTED: f"⏹ Rejected by {who} {when}. Nothing was changed.",
        Status.EXPIRED: f"⏹ {reason}",
        Status.SUPERSEDED: f"⏹ Stopped by {who} {when} for {run.successor}.",
    }
    return [divider(), section(texts[run.status])]


def _failed(run: Run, look: Look) -> str:
    """Where it failed, and what now; the step's own line says why. Of a plan's fault only this tells the reason."""
    if run.failed_step == "" or run.plan is None:
        return f"❌ {words.safe(run.reason, 1500)} {_next(run, look)}"
    title_of = words.safe(run.plan.step(run.failed_step).title)
    return f"❌ Failed at “{title_of}” {words.clock(run.ended_at)}. {_next(run, look)}"


def _next(run: Run, look: Look) -> str:
    """What happens now, or what to do."""
    if run.command == "rollback":
        return "It does not go on by itself: look at what stands where, and act by hand."
    if not run.changed:
        return "Nothing was changed."
    if not run.roll_back or look.release.known_good is None:
        return "It does not go back by itself."
    service = look.catalogue.services.get(run.service)
    place = service.environments.get(run.environment) if service else None
    to = words.safe(look.release.known_good.version)
    if place is not None and place.on_failure is OnFailure.ROLLBACK:
        return f"R-{run.id.partition('-')[2]} takes {run.environment} back to {to}."
    return f"To go back to {to}: `/rollback {run.service} {run.environment}`."


def _buttons(run: Run) -> list[Block]:
    if run.status is not Status.RUNNING:
        return []
    of_run = {"run": run.id, "digest": run.digest}
    judge = [button("Approve", "approve", of_run, "primary"), button("Reject", "reject", of_run)]
    return actions(*(judge if run.waits_for_approval else []), *_choices(run), button("Abort", "abort", of_run))


def _choices(run: Run) -> list[Block]:
    """Buttons of a step that asks a person for a decision."""
    step = run.current
    state = run.of(step) if step else None
    if step is None or state is None or step.uses in ("confirm", "approve"):
        return []
    asked = state.outcome.choices if isinstance(state.outcome, Waiting | InDoubt) else ()
    return [
        button(
            c.label,
            f"answer:{step.id}:{c.value}",
            {"run": run.id, "step": step.id, "choice": c.value},
            "danger" if c.danger else "primary" if c.means is Means.DONE else "",
        )
        for c in asked
    ]
