"""What must hold when a round is over, from what outsiders saw. Pure: `test_judge.py` plants a wrong of each kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tests.acceptance.records import Json

CLOCK = 0.2  # seconds between an effect and the line that tells of it


@dataclass(frozen=True)
class Wrote:
    """One change of the Deployment by the bot, as the API server's audit log has it."""

    at: float  # seconds since 1970
    epoch: int  # of the lease that it was made under; 0: it named none
    run: str  # "" where it only fenced
    moves: bool  # whether it changed the pod template


@dataclass(frozen=True)
class Ran:
    """One run, as it is recorded."""

    id: str
    over: bool
    status: str
    ended_at: float  # seconds since 1970; 0: it goes on
    taken_over_at: float = 0.0  # when its own take-over was done
    stopped: tuple[str, ...] = ()  # the runs that it took over
    card: str = ""  # what its card says


@dataclass(frozen=True)
class Seen:
    """What a round came to."""

    good: Json  # the pod template that is stored as the last known good
    version: str  # and its version
    template: Json  # the one that stands in the Deployment
    ready: int  # pods of this version, Ready
    wanted: int
    others: int  # pods that are there besides
    answers: frozenset[str]  # versions with which the service answered
    wrote: tuple[Wrote, ...]  # in the round, oldest first
    migrated: tuple[tuple[str, float], ...]  # run and moment of each migration in it
    runs: tuple[Ran, ...]  # of the round, oldest first
    asked: tuple[str, ...] = ()  # questions that people answered


def wrongs(seen: Seen) -> list[str]:
    """A sentence for each promise that did not hold."""
    return [wrong for check in (_good, _served, _alone, _told) for wrong in check(seen)]


def _good(seen: Seen) -> Iterator[str]:
    """The Deployment carries the very template that is stored."""
    if seen.template != seen.good:
        differing = sorted(_differing(seen.template, seen.good))
        yield f"the Deployment's template is not that of {seen.version}: {', '.join(differing)}"


def _differing(one: Json, other: Json, place: str = "") -> Iterator[str]:
    for key in {*one, *other}:
        a, b = one.get(key), other.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from _differing(dict(a), dict(b), f"{place}/{key}")
        elif a != b:
            yield f"{place}/{key}"


def _served(seen: Seen) -> Iterator[str]:
    """All pods that are wanted run it and are Ready, no other is left, and nothing else answers."""
    if seen.ready != seen.wanted or seen.others:
        yield f"{seen.ready} of {seen.wanted} pods run {seen.version} and are Ready, {seen.others} others are there"
    if seen.answers != {seen.version}:
        yield f"the service answers as {sorted(seen.answers)}, not {seen.version}"


def _alone(seen: Seen) -> Iterator[str]:
    """Never two actors at once: epochs never fall, and nobody acts who is over, or was taken over.

    What a run had sent before it was stopped may still arrive until the take-over has fenced it, no later.
    """
    for before, after in pairwise(seen.wrote):
        if after.epoch < before.epoch:
            yield f"holder {after.epoch} ({after.run}) wrote after holder {before.epoch} ({before.run}) had"
    runs = {run.id: run for run in seen.runs}
    taken = {name for back in seen.runs if back.taken_over_at for name in back.stopped}
    for wrote in seen.wrote:
        run = runs.get(wrote.run)
        if wrote.moves and run is None:
            yield f"the pods were changed by {wrote.run or 'nobody that is named'}, which is no run of this round"
        over = run is not None and run.ended_at and run.id not in taken
        if wrote.moves and run and over and wrote.at > run.ended_at + CLOCK:
            yield f"{run.id} changed the pods {wrote.at - run.ended_at:.1f} s after its end"
    for back in seen.runs:
        acts = [*((w.run, w.at) for w in seen.wrote if w.moves), *seen.migrated]
        late = [at for name, at in acts if name in back.stopped and back.taken_over_at and at > back.taken_over_at]
        if late:
            yield f"{', '.join(back.stopped)} acted {max(late) - back.taken_over_at:.1f} s after {back.id} took over"


def _told(seen: Seen) -> Iterator[str]:
    """Every run is over, and the card of the last one says that it did well."""
    yield from (f"{run.id} never ended: {run.status}" for run in seen.runs if not run.over)
    if not seen.runs:
        yield "nothing ran"
    elif (last := seen.runs[-1]).status != "succeeded":
        yield f"{last.id}, the last one, {last.status}"
    elif "✅ Done" not in last.card:
        yield f"the card of {last.id} does not say that it is done: {last.card[-200:]}"
