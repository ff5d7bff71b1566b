"""What is asked of a release or a finding: lock, unlock, acknowledge."""

from runbooks.engine import asks
from runbooks.engine.desk import Desk
from runbooks.engine.people import concerned
from runbooks.engine.places import where
from runbooks.incidents import findings
from runbooks.releases import decide as release


async def lock(ask: asks.Lock, desk: Desk) -> asks.Reply:
    """Hold deploys, with a reason. Raises Refused."""
    name = _admitted(desk, ask)
    await desk.draft.apply(f"release/{ask.service}/{name}", release.LockDeploys(desk.who.by, ask.reason))
    return asks.Reply("locked", facts={"reason": ask.reason, **where(ask.service, name)})


async def unlock(ask: asks.Unlock, desk: Desk) -> asks.Reply:
    """Let deploys go on. Raises Refused."""
    name = _admitted(desk, ask)
    await desk.draft.apply(f"release/{ask.service}/{name}", release.UnlockDeploys(desk.who.by, ask.reason))
    return asks.Reply("unlocked", facts=dict(where(ask.service, name)))


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
