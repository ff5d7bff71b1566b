"""The model of a holder: what a process does with a run, and where it may stand still meanwhile."""

from collections.abc import Iterator, Set
from datetime import datetime, timedelta

from tests.model.model import Model, Run

FRESH = timedelta(minutes=2)  # a plan that was made again and came out the same, where no step came since
AGAIN = timedelta(seconds=1)  # until the next look at what goes on outside

Refusals = Set[tuple[str, int]]
"""What the outside refused, as it said itself: the step's key and the epoch."""


def holding(model: Model, run: Run, epoch: int, refused: Refusals) -> Iterator[str]:
    """All that can be done now. Yields the name of each point just before it is passed: whoever draws from it may let
    other things happen meanwhile. Ends early where the lease is lost."""
    while model_holds(model, run, epoch) and (part := _next(model, run, epoch, refused)) is not None:
        yield from part
        model.settle()


def model_holds(model: Model, run: Run, epoch: int) -> bool:
    """Only the holder acts: of the highest epoch, in time, and not stopped."""
    lease = model.leases.get(run.id)
    return lease is not None and lease.epoch == epoch and not lease.void and model.now < lease.until


def _next(model: Model, run: Run, epoch: int, refused: Refusals) -> Iterator[str] | None:  # a line per case
    at = run.at
    if run.status == "stopping":
        return _stop(model, run, epoch)
    if run.status == "planning" or (run.status == "running" and at is None and run.plan == "take-over"):
        return _plan(model, run, epoch, refused)
    if run.status != "running" or at is None or at.does == "tick":
        return None
    if run.waits:
        return _give_up(model, run) if model.is_late(run) else None
    if at.does == "approve":
        return _plan(model, run, epoch, refused) if run.wanted else _pass(model, run)
    if at.does != "change":
        return _pass(model, run)
    return _next_of_change(model, run, epoch, refused)


def _next_of_change(model: Model, run: Run, epoch: int, refused: Refusals) -> Iterator[str] | None:
    locked = _is_held(model, run)
    if not run.begun:
        fresh = run.verified is not None and model.now - run.verified < FRESH
        if locked:
            return None
        if run.wanted and not fresh:
            return _plan(model, run, epoch, refused)
        return _begin(model, run, epoch, refused)
    if run.looked_at is not None:
        return _do(model, run, epoch, refused) if run.looked_at <= model.now else None
    return _read_the_world(model, run, epoch, refused)


def _is_held(model: Model, run: Run) -> bool:
    """A lock, and the hold after a rollback, keep a deploy from beginning its change."""
    place = model.places[run.spot]
    return run.kind == "deploy" and (place.lock is not None or bool(place.hold))


def _stop(model: Model, run: Run, epoch: int) -> Iterator[str]:
    """What is under way is ended and fenced before the run is over."""
    if run.begun and run.at is not None and run.at.does == "change":
        place = model.places[run.spot]
        place.fence = max(place.fence, epoch)
    model.ends(run, "aborted")
    yield from ()


def _plan(model: Model, run: Run, epoch: int, refused: Refusals) -> Iterator[str]:
    """Make the plan (again): what was approved is what runs."""
    only_first = run.kind == "emergency" and "take-over" not in run.done
    commit = "take-over" if only_first else model.commit_of(run.version) if run.kind == "deploy" else run.version
    yield "plan"
    if not model_holds(model, run, epoch) or run.status not in ("planning", "running"):
        return
    if commit == run.plan:
        run.verified = model.now
        if run.at is not None and run.at.does == "approve" and not run.missing:
            run.done.add(run.at.id)
        return
    if run.plan not in (None, "take-over"):
        run.approvals, run.done = {}, set()
    run.plan, run.status, run.verified = commit, "running", None
    if run.at is not None and run.at.does == "change" and not run.begun and not run.wanted:
        yield from _intend(model, run, epoch, refused)  # nobody is to be asked: its intent stands in the same commit


def _give_up(model: Model, run: Run) -> Iterator[str]:
    model.ends(run, "expired")
    yield from ()


def _pass(model: Model, run: Run) -> Iterator[str]:
    """A step that changes nothing outside."""
    at, place = run.at, model.places[run.spot]
    assert at is not None
    run.done.add(at.id)
    if at.does == "take-over":
        place.fence = max(place.fence, model.leases[run.id].epoch)
    if at.does == "keep":
        place.candidate = (run.version, run.id)
    model.ends_well(run)
    yield from ()


def _begin(model: Model, run: Run, epoch: int, refused: Refusals) -> Iterator[str]:
    """The intent is recorded before the effect; approvals must count at that moment."""
    members, at = set(model.approvers), model.now
    if not _disapproved(run, members, at):
        yield "intent"
        locked = _is_held(model, run)
        if not model_holds(model, run, epoch) or run.status != "running" or locked or _disapproved(run, members, at):
            return
        yield from _intend(model, run, epoch, refused)


def _intend(model: Model, run: Run, epoch: int, refused: Refusals) -> Iterator[str]:
    """Whatever another run brought here is not what runs any more."""
    place = model.places[run.spot]
    run.begun, run.verified = epoch, None
    if place.candidate and place.candidate[1] != run.id:
        place.candidate = None
    if place.back != run.id:
        place.back = ""
    yield from _do(model, run, epoch, refused)


def _disapproved(run: Run, members: Set[str], now: datetime) -> bool:
    """Approvals that do not count any more are taken back: their people left the group, or their time is over."""
    gone = {by for by, until in run.approvals.items() if by not in members or until <= now}
    run.approvals = {by: until for by, until in run.approvals.items() if by not in gone}
    return bool(run.wanted and gone)


def _do(model: Model, run: Run, epoch: int, refused: Refusals) -> Iterator[str]:
    """The effect, or a look at it; then its outcome is recorded."""
    place, at = model.places[run.spot], run.at
    assert at is not None
    key = f"{run.id}/{at.id}"
    yield "effect"
    fenced = (key, epoch) in refused
    assert fenced or place.fence <= epoch, f"{key} was done under {epoch}, though {place.fence} stands there"
    mood = model.mood[run.spot]
    fails = fenced or mood == "stuck" or (mood == "breaks" and run.kind == "deploy")
    came_to = "fails" if fails else "slow" if mood == "slow" else "quick"
    place.fence = max(place.fence, epoch)
    if came_to == "quick":
        model.effects.append(key)
    next_look = model.now + AGAIN
    yield "record"
    if model_holds(model, run, epoch):
        _record(model, run, came_to, next_look)


def _read_the_world(model: Model, run: Run, epoch: int, refused: Refusals) -> Iterator[str]:
    """Another holder's intent was cut off: what it did is read, and done only where it was not."""
    place, at = model.places[run.spot], run.at
    assert at is not None
    place.fence = max(place.fence, epoch)
    if f"{run.id}/{at.id}" in model.effects:
        yield "record"
        if model_holds(model, run, epoch):
            _record(model, run, "quick", model.now)
        return
    yield "intent"
    if model_holds(model, run, epoch):
        yield from _intend(model, run, epoch, refused)


def _record(model: Model, run: Run, came_to: str, next_look: datetime) -> None:
    at = run.at
    assert at is not None
    if came_to == "slow":
        run.looked_at = next_look
    elif came_to == "quick":
        run.done.add(at.id)
        model.ends_well(run)
    else:
        _fail(model, run)


def _fail(model: Model, run: Run) -> None:
    """A deploy that failed goes back by itself, where the catalogue says so and there is something to go back to."""
    model.ends(run, "failed")
    good = model.places[run.spot].good
    if run.kind == "deploy" and run.spot.goes_back and good:
        back = f"R-{run.id.partition('-')[2]}"
        model.runs[back] = Run(back, "emergency", run.spot, good[0][0], run.requester)
