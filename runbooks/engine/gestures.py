"""What each thing that people ask makes of the streams: facts at hand, policy, commands; reads by the draft alone."""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import singledispatch
from typing import TypeVar

from runbooks.catalogue import Catalogue, Environment, Service, targets
from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.incidents import findings
from runbooks.releases import decide as release
from runbooks.releases.state import Release
from runbooks.runs import commands as run
from runbooks.runs import policy
from runbooks.runs.state import Run
from runbooks.store import Work
from runbooks.vocabulary import Actor, KnownGood, Quorum, Refused, digest_of


@dataclass(frozen=True)
class Who:
    """The person, and the groups they are in now."""

    by: Actor
    groups: frozenset[str]


@dataclass(frozen=True)
class Desk:
    """What a gesture is decided from, beside the streams."""

    catalogue: Catalogue
    draft: Draft
    who: Who
    number: int  # for a run that this gesture starts

    def place(self, service: str, environment: str) -> tuple[Service, str, Environment]:
        """The service, the environment's name and the environment. Raises Refused with the nearest valid names."""
        return find_place(self.catalogue, service, environment)


def find_place(catalogue: Catalogue, service: str, environment: str) -> tuple[Service, str, Environment]:
    """The service, the environment's name ("" asks for the default) and the environment. Raises Refused."""
    found = _known("service", service, catalogue.services)
    name = environment or found.default_environment
    return found, name, _known("environment", name, found.environments)


T = TypeVar("T")


def _known(what: str, name: str, known: Mapping[str, T]) -> T:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, 1, 0.5)
    raise Refused(f"unknown-{what}", name=name, nearest=near[0] if near else "", known=sorted(known))


def opening(catalogue: Catalogue, ask: asks.Ask, number: int) -> tuple[list[str], list[str]]:
    """The streams and targets that the ask is decided from, so that one read brings them all."""
    match ask:
        case asks.Approve() | asks.Reject() | asks.Answer() | asks.Abort():
            return [f"run/{ask.run}"], []
        case asks.Acknowledge():
            return [f"finding/{ask.finding}"], []
        case asks.Deploy() | asks.RollBack() | asks.Lock() | asks.Unlock():
            return _opening_of_a_place(catalogue, ask, number)


def _opening_of_a_place(
    catalogue: Catalogue, ask: asks.Deploy | asks.RollBack | asks.Lock | asks.Unlock, number: int
) -> tuple[list[str], list[str]]:
    try:
        service, name, _ = find_place(catalogue, ask.service, ask.environment)
    except Refused:  # the gesture refuses it, with the nearest names
        return [], []
    release_stream = f"release/{ask.service}/{name}"
    if isinstance(ask, asks.Lock | asks.Unlock):
        return [release_stream], []
    return [release_stream, f"run/{_run_id(ask, number)}"], sorted(targets(service, name))


def _run_id(ask: asks.Deploy | asks.RollBack, number: int) -> str:
    return f"{'D' if isinstance(ask, asks.Deploy) else 'R'}-{number}"


@singledispatch
async def gesture(ask: object, desk: Desk) -> asks.Reply:
    """Apply what was asked to the draft. Raises Refused."""
    raise TypeError(f"nobody can ask for {type(ask).__name__} ({desk.who.by})")


@gesture.register
async def _(ask: asks.Deploy, desk: Desk) -> asks.Reply:
    service, name, environment = desk.place(ask.service, ask.environment)
    allowed = frozenset(environment.deployers)
    policy.of_group(groups=desk.who.groups, allowed=allowed, doing="deploy")
    stream, wanted = f"release/{ask.service}/{name}", targets(service, name)
    state: Release = desk.draft.state(stream)
    if state.lock is not None:
        raise Refused(
            "locked", by=state.lock.by, why=state.lock.reason, at=state.lock.at, **_where(ask.service, name)
        )
    for holder in _holders(desk.draft):
        raise Refused("busy", **await _busy(desk.draft, holder))
    run_id = _run_id(ask, desk.number)
    request = run.Request(
        by=desk.who.by,
        command="deploy",
        runbook=service.runbooks.deploy,
        service=ask.service,
        environment=name,
        version=ask.version,
        targets=wanted,
        quorum=_quorum(environment),
        approval_seconds=int(environment.approval.expires.total_seconds()),
    )
    await desk.draft.apply(f"run/{run_id}", request)
    return asks.Reply("started", facts={"run": run_id, "version": ask.version, **_where(ask.service, name)})


def _where(service: str, environment: str) -> dict[str, str]:
    return {"service": service, "environment": environment}


def _quorum(environment: Environment) -> Quorum:
    return Quorum(environment.approval.group, environment.approval.count)


def _holders(draft: Draft) -> list[str]:
    return sorted(set(draft.holders.values()))


async def _busy(draft: Draft, stream: str) -> dict[str, object]:
    await draft.open([stream])
    return busy_facts(draft.state(stream))


def busy_facts(holder: Run) -> dict[str, object]:
    """What a refusal says of the run that holds the targets."""
    return {
        "run": holder.id,
        "command": holder.command,
        "version": holder.version,
        "by": holder.requester,
        "at": holder.requested_at,
        **_where(holder.service, holder.environment),
    }


@gesture.register
async def _(ask: asks.RollBack, desk: Desk) -> asks.Reply:
    service, name, environment = desk.place(ask.service, ask.environment)
    policy.of_group(groups=desk.who.groups, allowed=frozenset(environment.rollers_back), doing="roll back")
    stream, wanted = f"release/{ask.service}/{name}", targets(service, name)
    target = way_back(desk.draft.state(stream), ask.version)
    if ask.shown != target_digest(target):
        raise Refused("confirmation-stale", version=target.version, **_where(ask.service, name))
    run_id = _run_id(ask, desk.number)
    stopped = await _supersede(desk, run_id)
    request = run.Request(
        by=desk.who.by,
        command="rollback",
        runbook=service.runbooks.rollback,
        service=ask.service,
        environment=name,
        version=target.version,
        targets=wanted,
        quorum=None if target == desk.draft.state(stream).known_good else _quorum(environment),
        approval_seconds=int(environment.approval.expires.total_seconds()),
        target=target,
        supersedes=tuple(stopped),
    )
    await desk.draft.apply(f"run/{run_id}", request)
    facts = {"run": run_id, "version": target.version, "stopped": stopped, **_where(ask.service, name)}
    return asks.Reply("started", facts=facts)


def way_back(release_state: Release, version: str) -> KnownGood:
    """What a rollback goes to: the last known good, or a known good version. Raises Refused."""
    place = _where(release_state.service, release_state.environment)
    if release_state.known_good is None:
        raise Refused("no-known-good", **place)
    target = release_state.find(version) if version else release_state.known_good
    if target is None:
        raise Refused("never-good", version=version, known=[g.version for g in release_state.good], **place)
    return target


def target_digest(target: KnownGood) -> str:
    """What a confirmation button carries, so that the click means what was shown."""
    return digest_of(asdict(target))


async def _supersede(desk: Desk, successor: str) -> list[str]:
    """End every deploy that holds one of the targets, and void its lease; a rollback is never preempted."""
    stopped = []
    for stream in _holders(desk.draft):
        busy = await _busy(desk.draft, stream)
        if busy["command"] == "rollback":
            raise Refused("rolling-back-already", **busy)
        await desk.draft.apply(stream, run.Supersede(successor, desk.who.by))
        desk.draft.revoke(Work("run", stream))
        stopped.append(str(busy["run"]))
    return stopped


@gesture.register
async def _(ask: asks.Approve, desk: Desk) -> asks.Reply:
    await desk.draft.apply(f"run/{ask.run}", run.Approve(desk.who.by, ask.digest, desk.who.groups))
    return asks.Reply("approved", facts={"run": ask.run})


@gesture.register
async def _(ask: asks.Reject, desk: Desk) -> asks.Reply:
    await desk.draft.apply(f"run/{ask.run}", run.Reject(desk.who.by, ask.digest, desk.who.groups))
    return asks.Reply("rejected", facts={"run": ask.run})


@gesture.register
async def _(ask: asks.Answer, desk: Desk) -> asks.Reply:
    allowed = _operators(desk, ask.run)
    command = run.Answer(desk.who.by, ask.step, ask.choice, desk.who.groups, allowed)
    await desk.draft.apply(f"run/{ask.run}", command)
    return asks.Reply("answered", facts={"run": ask.run, "step": ask.step})


@gesture.register
async def _(ask: asks.Abort, desk: Desk) -> asks.Reply:
    await desk.draft.apply(f"run/{ask.run}", run.Abort(desk.who.by, desk.who.groups, _operators(desk, ask.run)))
    desk.draft.revoke(Work("run", f"run/{ask.run}"))
    return asks.Reply("stopping", facts={"run": ask.run})


def _operators(desk: Desk, run_id: str) -> frozenset[str]:
    """Who may tick, decide and abort: whoever may start such a run, and its approvers."""
    state: Run = desk.draft.state(f"run/{run_id}")
    service = desk.catalogue.services.get(state.service)
    environment = service.environments.get(state.environment) if service else None
    if environment is None:
        return frozenset()
    starters = environment.rollers_back if state.command == "rollback" else environment.deployers
    return frozenset({*starters, environment.approval.group})


@gesture.register
async def _(ask: asks.Lock, desk: Desk) -> asks.Reply:
    name = _may_lock(desk, ask.service, ask.environment)
    await desk.draft.apply(f"release/{ask.service}/{name}", release.LockDeploys(desk.who.by, ask.reason))
    return asks.Reply("locked", facts={"reason": ask.reason, **_where(ask.service, name)})


@gesture.register
async def _(ask: asks.Unlock, desk: Desk) -> asks.Reply:
    name = _may_lock(desk, ask.service, ask.environment)
    await desk.draft.apply(f"release/{ask.service}/{name}", release.UnlockDeploys(desk.who.by, ask.reason))
    return asks.Reply("unlocked", facts=dict(_where(ask.service, name)))


def _may_lock(desk: Desk, service: str, environment: str) -> str:
    _, name, place = desk.place(service, environment)
    allowed = frozenset({*place.deployers, *place.rollers_back, place.approval.group})
    policy.of_group(groups=desk.who.groups, allowed=allowed, doing="lock or unlock")
    return name


@gesture.register
async def _(ask: asks.Acknowledge, desk: Desk) -> asks.Reply:
    state: findings.Finding = desk.draft.state(f"finding/{ask.finding}")
    if state.name:
        _, _, place = desk.place(state.service, state.environment)
        allowed = frozenset({*place.deployers, *place.rollers_back, place.approval.group})
        policy.of_group(groups=desk.who.groups, allowed=allowed, doing="acknowledge")
    await desk.draft.apply(f"finding/{ask.finding}", findings.Acknowledge(desk.who.by))
    return asks.Reply("acknowledged", facts={"finding": ask.finding})
