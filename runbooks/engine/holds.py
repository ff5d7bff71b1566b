"""What is asked of a release or a finding: lock, unlock, acknowledge."""

from runbooks.engine import asks, locks
from runbooks.engine.desk import Desk
from runbooks.engine.people import concerned
from runbooks.engine.places import where
from runbooks.incidents import findings
from runbooks.releases import holding
from runbooks.releases.state import Release
from runbooks.runs.commands import Note
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run
from runbooks.vocabulary import Json


async def lock(ask: asks.Lock, desk: Desk) -> asks.Reply:
    """Hold deploys, with a reason. Raises Refused."""
    name = _admitted(desk, ask)
    stream = f"release/{ask.service}/{name}"
    await desk.draft.apply(stream, holding.LockDeploys(desk.who.by, ask.reason))
    lock = desk.draft.state(stream).lock
    deploys = await _deploys(desk, ask.service, name)
    waiting = await _note(desk, deploys, locks.noted(lock))
    going_on = [run.id for run in deploys if run.id not in waiting]
    facts = {"reason": ask.reason, "waiting": waiting, "going_on": going_on}
    return asks.Reply("locked", facts={**facts, **where(ask.service, name)})


async def unlock(ask: asks.Unlock, desk: Desk) -> asks.Reply:
    """Let deploys go on, unless something else keeps them too. Raises Refused."""
    name = _admitted(desk, ask)
    stream = f"release/{ask.service}/{name}"
    before: Release = desk.draft.state(stream)
    await desk.draft.apply(stream, holding.UnlockDeploys(desk.who.by, ask.reason, ask.hold))
    after: Release = desk.draft.state(stream)
    released = before.lock if after.lock is None and before.lock else before.hold
    assert released is not None  # noqa: S101  # else it was refused
    note = locks.released(released) if after.stops is None else locks.noted(after.stops)
    waited = await _note(desk, await _deploys(desk, ask.service, name), note)
    facts: Json = {"waited": waited, "hold": released.run, **where(ask.service, name)}
    if (still := after.stops) is not None:
        facts |= {"waited": [], "by": still.by, "at": still.at, "why": still.reason, "held_by": still.run}
    return asks.Reply("unlocked", facts=facts)


async def _deploys(desk: Desk, service: str, environment: str) -> list[Run]:
    """Those under way here, drills among them."""
    streams = sorted(set(desk.draft.holders.values()))
    await desk.draft.open(streams)
    runs: list[Run] = [desk.draft.state(stream) for stream in streams]
    here = (service, environment)
    return [run for run in runs if run.command in ("deploy", DRILL) and (run.service, run.environment) == here]


async def _note(desk: Desk, deploys: list[Run], text: str) -> list[str]:
    """Keep it on the card of each that heeds the lock, which wakes it too; answers which those are."""
    heeding = [run.id for run in deploys if locks.heeds(run)]
    for run in heeding:
        await desk.draft.apply(f"run/{run}", Note(text))
    return heeding


def _admitted(desk: Desk, ask: asks.Lock | asks.Unlock) -> str:
    """The environment's name, for somebody who may hold its deploys and release them."""
    _, name, place = desk.place(ask.service, ask.environment)
    desk.admit(concerned(place), asks.doing(ask))
    return name


async def acknowledge(ask: asks.Acknowledge, desk: Desk) -> asks.Reply:
    """Take on a finding. Raises Refused."""
    state: findings.Finding = desk.draft.state(f"finding/{ask.finding}")
    if state.name:
        _, _, place = desk.place(state.service, state.environment)
        desk.admit(concerned(place), "acknowledge")
    await desk.draft.apply(f"finding/{ask.finding}", findings.Acknowledge(desk.who.by))
    return asks.Reply("acknowledged", facts={"finding": ask.finding})
