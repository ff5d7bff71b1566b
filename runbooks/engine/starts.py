"""Asking for a deploy or a rollback: who may, what stands in the way, where a rollback goes to."""

from dataclasses import asdict, replace

from runbooks.catalogue import Catalogue
from runbooks.concerns import incident_with, joined, rollback_like
from runbooks.digests import digest_of
from runbooks.engine import asks
from runbooks.engine.desk import Desk
from runbooks.engine.draft import Draft
from runbooks.engine.people import operators
from runbooks.engine.places import where
from runbooks.reactions import looks_at
from runbooks.releases.state import Back, Release
from runbooks.runs import commands as run
from runbooks.runs.state import Run, left_unended
from runbooks.store import Work
from runbooks.vocabulary import KnownGood, Quorum, Refused


def run_id(ask: asks.Start, number: int) -> str:
    """The name of the run that the ask starts."""
    return f"{'D' if isinstance(ask, asks.Deploy) else 'R'}-{number}"


async def start(ask: asks.Start, desk: Desk) -> asks.Reply:
    """Start what was asked for. Raises Refused."""
    match ask:
        case asks.Deploy():
            return await deploy(ask, desk)
        case asks.RollBack():
            return await roll_back(ask, desk)
        case asks.PlanRollBack():
            return await plan_roll_back(ask, desk)


async def deploy(ask: asks.Deploy, desk: Desk) -> asks.Reply:
    """Start a deploy. Raises Refused."""
    service, name, environment = desk.place(ask.service, ask.environment)
    desk.admit(frozenset(environment.deployers), "deploy")
    held = desk.targets(service, name, service.runbooks.deploy)
    refuse_locked(desk.draft.state(f"release/{ask.service}/{name}"))
    await refuse_busy(desk, held)
    started = run_id(ask, desk.number)
    request = _request(ask, desk, service.runbooks.deploy, ask.version)
    await desk.draft.apply(f"run/{started}", request)
    return asks.Reply("started", facts={"run": started, "version": ask.version, **where(ask.service, name)})


def refuse_locked(state: Release) -> None:
    """A lock or a hold keeps deploys from starting; rollbacks go past it."""
    if (lock := state.stops) is not None:
        facts = {"by": lock.by, "why": lock.reason, "at": lock.at, **where(state.service, state.environment)}
        raise Refused("held", run=lock.run, **facts) if lock.run else Refused("locked", **facts)


async def refuse_busy(desk: Desk, wanted: frozenset[str]) -> None:
    """A run that holds one of the wanted targets keeps another from starting, unless it is an emergency."""
    for holder in _holders(desk.draft, wanted):
        raise Refused("busy", **await _busy(desk.draft, holder))


def _request(ask: asks.Start, desk: Desk, runbook: str, version: str) -> run.Request:
    """A run that holds all that its document reserves, and waits for the approvals of its environment."""
    service, name, environment = desk.place(ask.service, ask.environment)
    return run.Request(
        by=desk.who.by,
        command="deploy" if isinstance(ask, asks.Deploy) else "rollback",
        runbook=runbook,
        service=ask.service,
        environment=name,
        version=version,
        targets=desk.targets(service, name, runbook),
        quorum=Quorum(environment.approval.group, environment.approval.count),
        approval_seconds=int(environment.approval.expires.total_seconds()),
    )


def _holders(draft: Draft, wanted: frozenset[str]) -> list[str]:
    return sorted({stream for target, stream in draft.holders.items() if target in wanted})


async def _busy(draft: Draft, stream: str) -> dict[str, object]:
    await draft.open([stream])
    return busy_facts(draft.state(stream))


def refuse_to_stop(holder: Run, catalogue: Catalogue, service: str, environment: str) -> None:
    """An emergency rollback of this place stops what holds its targets, but for these. Raises Refused.

    A run of another place is not for this place's people to stop, nor does this rollback take back what it changed.
    A second emergency rollback would only undo the first; a planned one gives way.
    """
    if (holder.service, holder.environment) != (service, environment):
        who = list(operators(catalogue, holder))
        raise Refused("busy-elsewhere", wanted=service, groups=who, **busy_facts(holder))
    if holder.command == "rollback" and not holder.planned:
        raise Refused("rolling-back-already", **busy_facts(holder))


def busy_facts(holder: Run) -> dict[str, object]:
    """What a refusal says of the run that holds the targets."""
    return {
        "run": holder.id,
        "command": holder.command,
        "version": holder.version,
        "by": holder.requester,
        "at": holder.requested_at,
        "because": holder.because,
        **where(holder.service, holder.environment),
    }


async def roll_back(ask: asks.RollBack, desk: Desk) -> asks.Reply:
    """Start a rollback that was confirmed, and stop what stands in its way. Raises Refused."""
    service, name, environment = desk.place(ask.service, ask.environment)
    desk.admit(frozenset(environment.rollers_back), "roll back")
    state: Release = desk.draft.state(f"release/{ask.service}/{name}")
    target = way_back(state, ask.version)
    if ask.shown != shown_digest(state, target):
        if state.taken_back is not None:  # since the person was asked
            raise back_already(state, state.taken_back)
        raise Refused("confirmation-stale", version=target.version, **where(ask.service, name))
    started = run_id(ask, desk.number)
    held = desk.targets(service, name, service.runbooks.rollback)
    await _bring(desk, state, held)
    stopped = await _supersede(desk, started, state, held)
    request = _request(ask, desk, service.runbooks.rollback, target.version)
    request = replace(
        request,
        quorum=None if target == state.known_good else request.quorum,
        target=target,
        supersedes=(*stopped, *await _left_unended(desk.draft, state)),
        incident=await _joins(desk, state, [*state.left, *stopped]),
        seen=ask.seen,
    )
    await desk.draft.apply(f"run/{started}", request)
    facts = {"run": started, "version": target.version, "stopped": stopped, **where(ask.service, name)}
    if request.quorum is not None:
        facts["group"] = request.quorum.group
    return asks.Reply("started", facts=facts)


async def _bring(desk: Desk, place: Release, wanted: frozenset[str]) -> None:
    """Read in one round trip what the rest looks at: an emergency waits for each of them."""
    holders = _holders(desk.draft, wanted)
    await desk.draft.open(holders)
    near = [stream for holder in holders for stream in looks_at(desk.draft.state(holder))]
    streams = [f"incident/{name}" for name in place.incidents]
    backs = [rollback_like(name) for name in place.incidents]
    await desk.draft.open([*near, *streams, *backs, *(f"run/{name}" for name in place.left)])


async def _joins(desk: Desk, place: Release, runs: list[str]) -> str:
    """The open incident of the runs that a rollback takes back, or else of the place; "" where there is none."""
    await desk.draft.open([f"run/{name}" for name in runs])
    streams = [*(f"incident/{name}" for name in place.incidents), *(incident_with(desk.run(name)) for name in runs)]
    await desk.draft.open(streams)
    return joined(map(desk.draft.state, streams))


async def _left_unended(draft: Draft, place: Release) -> tuple[str, ...]:
    streams = [f"run/{name}" for name in place.left]
    await draft.open(streams)
    return left_unended(draft.state(stream) for stream in streams)


async def plan_roll_back(ask: asks.PlanRollBack, desk: Desk) -> asks.Reply:
    """Start a rollback without hurry: it waits for its turn, and like a deploy for approvals. Raises Refused."""
    service, name, environment = desk.place(ask.service, ask.environment)
    desk.admit(frozenset(environment.rollers_back), "roll back")
    target = way_back(desk.draft.state(f"release/{ask.service}/{name}"), ask.version)
    runbook = desk.planned_rollback(service)
    held = desk.targets(service, name, runbook)
    await refuse_busy(desk, held)
    started = run_id(ask, desk.number)
    request = _request(ask, desk, runbook, target.version)
    await desk.draft.apply(f"run/{started}", replace(request, target=target))
    facts = {"run": started, "version": target.version, "group": environment.approval.group}
    return asks.Reply("planned", facts={**facts, **where(ask.service, name)})


def way_back(release_state: Release, version: str) -> KnownGood:
    """What a rollback goes to: the last known good, or a known good version. Raises Refused.

    After a rollback the version must be named: a second gesture must not take the first one back.
    """
    place = where(release_state.service, release_state.environment)
    if release_state.known_good is None:
        raise Refused("no-known-good", **place)
    if not version and release_state.taken_back is not None:
        raise back_already(release_state, release_state.taken_back)
    target = release_state.find(version) if version else release_state.known_good
    if target is None:
        raise Refused("never-good", version=version, known=[g.version for g in release_state.good], **place)
    return target


def back_already(state: Release, back: Back) -> Refused:
    """That there is nothing to take back, since this rollback did it."""
    good = state.known_good is not None and state.known_good.commit == back.commit
    facts = {"run": back.run, "at": back.at, "version": back.version, "good": good}
    return Refused("back-already", **facts, **where(state.service, state.environment))


def shown_digest(state: Release, target: KnownGood) -> str:
    """What a confirmation button carries, so that the click means what was shown, and before no other rollback."""
    digest = target_digest(target)
    return digest if state.taken_back is None else digest_of([digest, state.taken_back.run])


def target_digest(target: KnownGood) -> str:
    """The same of a place that no rollback took back."""
    return digest_of(asdict(target))


async def _supersede(desk: Desk, successor: str, place: Release, wanted: frozenset[str]) -> list[str]:
    """End what holds one of the wanted targets, and void its lease. Raises Refused where it is not to be stopped."""
    stopped = []
    for stream in _holders(desk.draft, wanted):
        busy = await _busy(desk.draft, stream)
        refuse_to_stop(desk.draft.state(stream), desk.catalogue, place.service, place.environment)
        await desk.draft.apply(stream, run.Supersede(successor, desk.who.by))
        desk.draft.revoke(Work("run", stream))
        stopped.append(str(busy["run"]))
    return stopped
