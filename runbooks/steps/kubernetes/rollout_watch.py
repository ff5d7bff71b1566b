"""Watching a rollout to its end, look by look: complete and steady, doomed, gone, or out of time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from runbooks.catalogue import Rollout
from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.deployments import is_paused, refuse_newer, replicas_of, uid_of
from runbooks.steps.kubernetes.rollout_signs import Kind
from runbooks.steps.kubernetes.rollout_state import (
    Complete,
    Counts,
    Doomed,
    Observed,
    Progressing,
    count,
    is_ready,
    judge,
    new_pods,
    old_pods,
    spoken,
    target,
)
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref, Workloads
from runbooks.vocabulary import Done, Failed, Json, Outcome, Pending, Unreachable

_SHOWN_PODS = 3  # whose events are read in one look
_LONGEST = 300  # characters of one line from outside
_SOON = timedelta(seconds=0.1)  # between the first looks, where it is urgent
_SHARE = 20  # a rollout that was complete is noticed at most a twentieth of its time later, where it is urgent


@dataclass(frozen=True)
class Goal:
    """One Deployment on its way; `departed` says what else it carries by now, "" while it carries what was set."""

    ref: Ref
    departed: Callable[[Json], str]
    moved: Callable[[Observed], Sequence[str]] = lambda _: ()  # containers that run another image under their tag


@dataclass(frozen=True)
class Watched:
    """What one look leaves for the next: a Pending's token."""

    began: datetime
    uids: dict[str, str]  # Deployment -> the object that was changed
    signs: dict[str, dict[Kind, datetime]] = field(default_factory=dict)  # from when on each stands
    steady: datetime | None = None  # from when on all have been complete, with these restarts by pod
    restarts: dict[str, int] = field(default_factory=dict)


class TagMoved(Exception):
    """Pods run other images than were meant, though the templates are right."""

    def __init__(self, seen: Sequence[Observed], moved: Mapping[str, str]) -> None:
        super().__init__(", ".join(moved.values()))
        self.seen = seen
        self.moved = moved  # Deployment -> its containers


_WATCHED = TypeAdapter(Watched)

Conclude = Callable[[Sequence[Observed]], Done | Failed]
"""What a complete and steady rollout is worth."""


def begin(turn: Turn, uids: dict[str, str], *, urgent: bool = False) -> Pending:
    """The first look is due when `poll` has passed, or soon; `uids`: Deployment -> the object that was changed."""
    return _pending(turn, Watched(turn.now, uids), "waiting for new pods", urgent=urgent)


async def look(
    workloads: Workloads, goals: Sequence[Goal], turn: Turn, *, token: Json, conclude: Conclude, urgent: bool = False
) -> Outcome:
    """Look once, answer what it comes to. Raises Fenced where a later holder took over, Unreachable, TagMoved.

    `urgent`: somebody waits for the end, so it is looked at often at first, and rarer the longer it takes.
    """
    watched = _WATCHED.validate_python(token)
    try:
        seen = [await observe(workloads, goal.ref) for goal in goals]
    except Missing as gone:
        return Failed(f"Deployment {gone} does not exist any more: it was deleted during the rollout.")
    except Denied as fault:
        return Failed(fault.sentence)
    for goal, one in zip(goals, seen, strict=True):
        refuse_newer(one.deployment, turn.epoch)
        if fault_found := _departed(goal, one, watched):
            return Failed(fault_found)
    pairs = zip(goals, seen, strict=True)
    if moved := {goal.ref.deployment: ", ".join(names) for goal, one in pairs if (names := goal.moved(one))}:
        raise TagMoved(seen, moved)
    found = await _answer(workloads, goals, seen, turn=turn, watched=watched, conclude=conclude)
    return _pending(turn, *found, urgent=urgent) if isinstance(found, tuple) else found


def _departed(goal: Goal, seen: Observed, watched: Watched) -> str:
    name = goal.ref.deployment
    if uid_of(seen.deployment) != watched.uids.get(name):
        return f"Deployment {name} was deleted and created anew during the rollout."
    if what := goal.departed(seen.deployment):
        return f"Deployment {name} was changed by somebody else during the rollout: {what}."
    return ""


async def _answer(
    workloads: Workloads,
    goals: Sequence[Goal],
    seen: Sequence[Observed],
    *,
    turn: Turn,
    watched: Watched,
    conclude: Conclude,
) -> Done | Failed | tuple[Watched, str]:
    """How it ended, or what to keep and to say of it while it goes on."""
    rules = turn.site.environment.rollout
    standing: list[Progressing | Complete] = []
    for goal, one in zip(goals, seen, strict=True):
        since = watched.signs.get(goal.ref.deployment, {})
        state = judge(one, since=since, now=turn.now, grace=rules.grace)
        if isinstance(state, Doomed):
            return await _doomed(workloads, goal.ref, state, several=len(goals) > 1)
        standing.append(state)
    noted = _noted(goals, standing, turn.now, watched)
    if noted.steady is not None and turn.now - noted.steady >= rules.soak:
        return conclude(seen)
    # Pods that are ready again each time after a crash never are for long: they have no more time than the others.
    if turn.now - watched.began >= rules.deadline + (rules.soak if noted.steady else timedelta()):
        return _late(goals, seen, standing, turn)
    line = _line(goals, standing)
    return noted, line if noted.steady is None else f"{line}, watching that they stay"


def _noted(
    goals: Sequence[Goal], standing: Sequence[Progressing | Complete], now: datetime, watched: Watched
) -> Watched:
    signs = {g.ref.deployment: dict(s.since) for g, s in zip(goals, standing, strict=True) if s.since}
    complete = [s for s in standing if isinstance(s, Complete)]
    if len(complete) < len(standing):
        return Watched(watched.began, watched.uids, signs)
    restarts = {pod: number for state in complete for pod, number in state.restarts.items()}
    kept = watched.steady if watched.restarts == restarts else None
    return Watched(watched.began, watched.uids, signs, kept or now, restarts)


def _line(goals: Sequence[Goal], standing: Sequence[Progressing | Complete]) -> str:
    lines = [s.line if isinstance(s, Progressing) else f"{s.pods} of {s.pods} new pods ready" for s in standing]
    if len(lines) == 1:
        return lines[0]
    return " · ".join(f"{goal.ref.deployment}: {line}" for goal, line in zip(goals, lines, strict=True))


def _pending(turn: Turn, watched: Watched, line: str, *, urgent: bool) -> Pending:
    token: Json = _WATCHED.dump_python(watched, mode="json")
    rules = turn.site.environment.rollout
    return Pending(turn.now + pause(watched, rules, now=turn.now, urgent=urgent), line, token)


def pause(watched: Watched, rules: Rollout, *, now: datetime, urgent: bool) -> timedelta:
    """How long not to look: never past the end of the soak, for there is nothing to wait for then."""
    found = min(rules.poll, max(_SOON, (now - watched.began) / _SHARE)) if urgent else rules.poll
    return found if watched.steady is None else min(found, max(_SOON, watched.steady + rules.soak - now))


async def _doomed(workloads: Workloads, ref: Ref, state: Doomed, *, several: bool) -> Failed:
    sign = state.sign
    lines: tuple[str, ...] = ()
    if sign.pod and sign.container:
        with suppress(Denied, Unreachable):  # the reason stands without them
            lines = await workloads.tail(ref, sign.pod, sign.container, previous=sign.restarted)
    evidence = {
        "deployment": ref.deployment,
        "pod": sign.pod,
        "container": sign.container,
        "reason": sign.reason,
        "exit_code": sign.exit_code,
        "event": sign.message[:_LONGEST],
        "last_lines": [line[:_LONGEST] for line in lines],
        "replicas": counts_of(state.counts),
    }
    return Failed(f"{ref.deployment}: {state.sentence}" if several else state.sentence, evidence)


def _late(
    goals: Sequence[Goal], seen: Sequence[Observed], standing: Sequence[Progressing | Complete], turn: Turn
) -> Failed:
    found = list(zip(goals, seen, standing, strict=True))
    goal, one, state = next((f for f in found if isinstance(f[2], Progressing)), found[0])
    counts, name = count(one), goal.ref.deployment
    after = spoken(turn.site.environment.rollout.deadline)
    ready = f"{min(counts.new_ready, counts.wanted)} of {counts.wanted} new pods of {name} ready"
    ready += ", but they keep restarting" if isinstance(state, Complete) else ""
    why = f" Deployment {name} is paused." if is_paused(one.deployment) else ""
    reason = f"Not complete after {after}: {ready}. {old_pods(counts)}{why}"
    return Failed(reason, {"deployment": name, "reason": "deadline", "replicas": counts_of(counts)})


def counts_of(counts: Counts) -> Json:
    """The counts as evidence."""
    return {
        "wanted": counts.wanted,
        "new": counts.new,
        "new_ready": counts.new_ready,
        "old": counts.old,
        "old_ready": counts.old_ready,
    }


async def observe(workloads: Workloads, ref: Ref) -> Observed:
    """Read a Deployment and all that belongs to it. Raises Missing, named by the Deployment."""
    try:
        deployment = await workloads.read(ref)
    except Missing as gone:
        raise Missing(ref.deployment) from gone
    selector = deployment["spec"]["selector"]
    replica_sets, pods = await asyncio.gather(workloads.replica_sets(ref, selector), workloads.pods(ref, selector))
    found = Observed(deployment, replica_sets, pods)
    waiting = [pod for pod in new_pods(found) if not is_ready(pod)][:_SHOWN_PODS]
    events = {uid_of(pod): await workloads.events(ref, uid_of(pod)) for pod in waiting}
    return Observed(deployment, found.replica_sets, found.pods, events)


def evidence_of(seen: Observed) -> Json:
    """What a complete rollout leaves on record of one Deployment."""
    deployment, replica_set = seen.deployment, target(seen)
    return {
        "deployment": deployment["metadata"]["name"],
        "uid": uid_of(deployment),
        "generation": deployment["metadata"]["generation"],
        "pods": replicas_of(deployment),
        "replica_set": {"name": replica_set["metadata"]["name"], "uid": uid_of(replica_set)} if replica_set else None,
        "terminating": deployment.get("status", {}).get("terminatingReplicas"),  # None: not known
    }
