"""Everything that people ask, each to the function that applies it, and the streams that it is decided from."""

from runbooks.catalogue import Catalogue, targets
from runbooks.engine import asks, clicks, drills, holds, incidents, onboarding, starts
from runbooks.engine.desk import Desk
from runbooks.engine.places import find_place
from runbooks.vocabulary import Refused

_OfARun = asks.Approve | asks.Reject | asks.Answer | asks.Abort
_OfAPlace = asks.Start | asks.Drill | asks.Lock | asks.Unlock


async def gesture(ask: asks.Ask, desk: Desk) -> asks.Reply:
    """Apply what was asked to the draft. Raises Refused."""
    match ask:
        case asks.Deploy() | asks.RollBack() | asks.PlanRollBack():
            reply = await starts.start(ask, desk)
        case asks.Drill():
            reply = await drills.drill(ask, desk)
        case asks.Onboard():
            reply = await onboarding.onboard(ask, desk)
        case asks.Approve() | asks.Reject() | asks.Answer() | asks.Abort():
            reply = await _of_a_run(ask, desk)
        case asks.Lock():
            reply = await holds.lock(ask, desk)
        case asks.Unlock():
            reply = await holds.unlock(ask, desk)
        case asks.Acknowledge():
            reply = await holds.acknowledge(ask, desk)
        case asks.OpenIncident() | asks.Declare() | asks.UpdateIncident() | asks.Resolve():
            reply = await incidents.gesture(ask, desk)
        case asks.Lead() | asks.Investigate() | asks.Found():
            reply = await incidents.gesture(ask, desk)
    return reply


async def _of_a_run(ask: _OfARun, desk: Desk) -> asks.Reply:
    match ask:
        case asks.Approve():
            return await clicks.approve(ask, desk)
        case asks.Reject():
            return await clicks.reject(ask, desk)
        case asks.Answer():
            return await clicks.answer(ask, desk)
        case asks.Abort():
            return await clicks.abort(ask, desk)


def beginning(ask: asks.Ask, number: int) -> list[str]:
    """The streams that the ask may begin, named by a number that nothing else has."""
    match ask:
        case asks.RollBack():
            return [f"run/{starts.run_id(ask, number)}", f"incident/I-{number}"]
        case asks.Deploy() | asks.PlanRollBack():
            return [f"run/{starts.run_id(ask, number)}"]
        case asks.Drill():
            return [f"run/{drills.run_id(number)}"]
        case asks.Onboard():
            return [f"run/{onboarding.run_id(number)}"]
        case asks.OpenIncident() | asks.Declare():
            return [f"incident/I-{number}"]
        case _:
            return []


def opening(catalogue: Catalogue, ask: asks.Ask) -> tuple[list[str], list[str]]:
    """The streams and targets that the ask is decided from, so that one read brings them all."""
    match ask:
        case asks.Approve() | asks.Reject() | asks.Answer() | asks.Abort():
            return [f"run/{ask.run}"], []
        case asks.Acknowledge():
            return [f"finding/{ask.finding}"], []
        case asks.Lead() | asks.Investigate() | asks.Found():
            return incidents.opening(ask), []
        case asks.Onboard():
            return onboarding.opening(catalogue, ask)
        case asks.OpenIncident() | asks.Declare() | asks.UpdateIncident() | asks.Resolve():
            return incidents.opening(ask), []
        case asks.Deploy() | asks.RollBack() | asks.PlanRollBack() | asks.Drill() | asks.Lock() | asks.Unlock():
            return _opening_of_a_place(catalogue, ask)


def _opening_of_a_place(catalogue: Catalogue, ask: _OfAPlace) -> tuple[list[str], list[str]]:
    try:
        service, name, _ = find_place(catalogue, ask.service, ask.environment)
    except Refused:  # the gesture refuses it, with the nearest names
        return [], []
    return [f"release/{ask.service}/{name}"], sorted(targets(service, name))
