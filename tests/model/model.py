"""The model: what `docs/architecture.md` promises of runs, approvals, locks and leases, as plain values.

It is written from the promises. What a holder does with a run stands in `tests.model.holding`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from runbooks.engine import asks
from runbooks.vocabulary import Actor
from tests.engine.knob import TEN
from tests.model.places import GOOD_FOR, GROUPS, SCRIPTS, SPOTS, Good, Line, Place, Shown, Spot

OPEN = ("planning", "running", "stopping")


@dataclass
class Lease:
    """A process at work on a run that has not let go yet; it may be gone."""

    epoch: int
    until: datetime
    void: bool = False


@dataclass
class Run:
    """One run."""

    id: str
    kind: str  # of SCRIPTS
    spot: Spot
    version: str
    requester: Actor
    wanted: int = 0  # approvals that it takes
    status: str = "planning"
    plan: str | None = None  # the commit; "take-over" while that alone is planned
    approvals: dict[Actor, datetime] = field(default_factory=dict)  # and until when each is good
    done: set[str] = field(default_factory=set)
    begun: int = 0  # the epoch of its change's intent
    looked_at: datetime | None = None  # the next look at a change that goes on
    verified: datetime | None = None  # when the plan was made again, and came out the same
    waits_since: datetime | None = None  # for approvals

    @property
    def at(self) -> Line | None:
        """The step that it stands at."""
        known = SCRIPTS[self.kind] if self.plan != "take-over" else SCRIPTS[self.kind][:1]
        return next((line for line in known if line.id not in self.done), None) if self.plan else None

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def missing(self) -> int:
        return max(0, self.wanted - len(self.approvals))

    @property
    def waits(self) -> bool:
        """Whether only approvals move it on."""
        at = self.at
        gate = at is not None and (at.does == "approve" or (at.does == "change" and not self.begun))
        return self.status == "running" and gate and self.missing > 0

    @property
    def holds(self) -> bool:
        """Whether its targets are its own: until only people's lines are left."""
        left = [line for line in SCRIPTS[self.kind] if line.id not in self.done]
        return self.open and (self.plan in (None, "take-over") or any(line.does != "tick" for line in left))

    @property
    def operators(self) -> frozenset[Actor]:
        return GROUPS["sre"] | (GROUPS["developers"] if self.kind == "deploy" else frozenset())


class Model:
    """All of it, and what people may do with it: each gesture has reasons against it, or else it happens."""

    def __init__(self) -> None:
        self.now = TEN
        self.approvers = set(GROUPS["sre"])
        self.runs: dict[str, Run] = {}
        self.places = {spot: Place(spot, good=[(v, "adopt")] if (v := spot.begins_with) else []) for spot in SPOTS}
        self.leases: dict[str, Lease] = {}
        self.moved: dict[str, str] = {}
        self.mood = dict.fromkeys(SPOTS, "quick")
        self.effects: list[str] = []

    def commit_of(self, version: str) -> str:
        return self.moved.get(version, version[-1] * 40)

    def holder(self, spot: Spot) -> Run | None:
        """Whose the place's target is."""
        found = [run for run in self.runs.values() if run.spot == spot and run.holds]
        assert len(found) < 2, f"the model itself has two holders: {found}"
        return found[0] if found else None

    def settle(self) -> None:
        """Since when each run waits for approvals."""
        for run in self.runs.values():
            run.waits_since = (run.waits_since or self.now) if run.waits else None

    # ------------------------------------------------------------ what speaks against a gesture

    def against(self, ask: asks.Ask, by: Actor, *, plan: str | None = None, shown: Shown | None = None) -> set[str]:
        """The reasons, of which the engine may name any. `plan`: whose digest the button carries; `shown`: what it
        said that a rollback goes to."""
        match ask:
            case asks.Deploy() | asks.RollBack() | asks.PlanRollBack():
                found = self._against_a_start(ask, by, shown=shown)
            case asks.Lock() | asks.Unlock():
                found = self._against_a_lock(ask, by)
            case asks.Approve() | asks.Reject():
                found = self._against_a_judgement(ask, self.runs[ask.run], by, plan)
            case asks.Answer(run, step, _):
                found = self._against_a_tick(self.runs[run], step, by)
            case asks.Abort(name):
                run = self.runs[name]
                found = iter(["not-allowed"] if by != run.requester and not self._operates(run, by) else [])
                if run.status not in ("planning", "running"):
                    return {*found, "moved-on"}
            case _:
                raise TypeError(ask)
        return set(found)

    def _may(self, by: Actor, group: str) -> bool:
        return by in (self.approvers if group == "sre" else GROUPS[group])

    def _operates(self, run: Run, by: Actor) -> bool:
        return self._may(by, "sre") or (run.kind == "deploy" and self._may(by, "developers"))

    def _against_a_start(self, ask: asks.Start, by: Actor, *, shown: Shown | None) -> Iterator[str]:
        spot = spot_of(ask)
        place, holder = self.places[spot], self.holder(spot)
        if not (self._may(by, "sre") or (isinstance(ask, asks.Deploy) and self._may(by, "developers"))):
            yield "not-allowed"
        if isinstance(ask, asks.Deploy):
            if place.lock:
                yield "locked"
            if place.hold:
                yield "held"
        elif (target := self.target(ask)) is None:
            yield "never-good" if place.good else "no-known-good"
        else:
            if isinstance(ask, asks.RollBack) and shown != (target, place.back):
                yield "back-already" if place.back else "confirmation-stale"
            if place.back and not ask.version:
                yield "back-already"
        if holder is not None and not isinstance(ask, asks.RollBack):
            yield "busy"
        if holder is not None and isinstance(ask, asks.RollBack) and holder.kind == "emergency":
            yield "rolling-back-already"

    def target(self, ask: asks.RollBack | asks.PlanRollBack) -> Good | None:
        """What a rollback goes to."""
        good = self.places[spot_of(ask)].good
        return next((each for each in good if ask.version in ("", each[0])), None)

    def _against_a_lock(self, ask: asks.Lock | asks.Unlock, by: Actor) -> Iterator[str]:
        place = self.places[spot_of(ask)]
        lock = place.lock
        if not (self._may(by, "sre") or self._may(by, "developers")):
            yield "not-allowed"
        if isinstance(ask, asks.Lock) and lock:
            yield "locked-already"
        if isinstance(ask, asks.Unlock) and not lock and not place.hold:
            yield "not-locked"
        if isinstance(ask, asks.Unlock) and not lock and place.hold and not ask.reason:
            yield "reason-wanted"

    def _against_a_judgement(
        self, ask: asks.Approve | asks.Reject, run: Run, by: Actor, plan: str | None
    ) -> Iterator[str]:
        if run.status not in ("planning", "running"):
            yield "moved-on"
        if not run.waits:
            yield "no-approval-wanted"
        if isinstance(ask, asks.Reject) and by == run.requester:
            return  # whoever asked may withdraw it
        if by == run.requester:
            yield "own-request"
        if by in run.approvals:
            yield "approved-already"
        if plan != run.plan:
            yield "plan-changed"
        if not self._may(by, "sre"):
            yield "not-allowed"
        if isinstance(ask, asks.Approve) and self.is_late(run):
            yield "too-late"

    def is_late(self, run: Run) -> bool:
        """Whether nobody approved in time."""
        return run.waits_since is not None and run.waits_since + GOOD_FOR <= self.now

    def _against_a_tick(self, run: Run, step: str, by: Actor) -> Iterator[str]:
        if run.status not in ("planning", "running"):
            yield "moved-on"
        if not self._operates(run, by):
            yield "not-allowed"
        at = run.at
        line = next((line for line in SCRIPTS[run.kind] if line.id == step), None)
        is_open = line and at and line.does == "tick" and line.phase == at.phase and step not in run.done
        if not is_open or run.status != "running":
            yield "not-open"

    # ------------------------------------------------------------ what a gesture does

    def happens(self, ask: asks.Ask, by: Actor, name: str) -> str:
        """Nothing speaks against it. `name`: of the run that it starts. Answers what the reply says was done."""
        match ask:
            case asks.Deploy() | asks.RollBack() | asks.PlanRollBack():
                return self._starts(ask, by, name)
            case asks.Lock():
                self.places[spot_of(ask)].lock = by
                return "locked"
            case asks.Unlock():
                self._unlocks(self.places[spot_of(ask)], ask.reason)
                return "unlocked"
            case asks.Approve(name):
                self.runs[name].approvals[by] = self.now + GOOD_FOR
                self.runs[name].verified = None
                return "approved"
            case asks.Reject(name):
                self.ends(self.runs[name], "rejected")
                return "rejected"
            case asks.Answer(name, step, _):
                self.runs[name].done.add(step)
                self.runs[name].verified = None
                self.ends_well(self.runs[name])
                return "answered"
            case asks.Abort(name):
                self.runs[name].status = "stopping"
                self.revoke(name)
                return "stopping"
            case _:
                raise TypeError(ask)

    def _unlocks(self, place: Place, reason: str) -> None:
        """A reason releases the hold first; a person's lock stays then."""
        if reason and place.hold:
            place.hold = ""
        else:
            place.lock = None

    def _starts(self, ask: asks.Start, by: Actor, name: str) -> str:
        spot, holder = spot_of(ask), self.holder(spot_of(ask))
        if isinstance(ask, asks.Deploy):
            self.runs[name] = Run(name, "deploy", spot, ask.version, by, spot.approvals)
            return "started"
        target = self.target(ask)
        assert target is not None
        kind = "planned" if isinstance(ask, asks.PlanRollBack) else "emergency"
        needs = kind == "planned" or target != self.places[spot].good[0]
        if holder is not None:
            self.ends(holder, "superseded")
            self.revoke(holder.id)
        self.runs[name] = Run(name, kind, spot, target[0], by, spot.approvals if needs else 0)
        return "planned" if kind == "planned" else "started"

    def revoke(self, name: str) -> None:
        """Whoever holds the run may not act on it any more."""
        if name in self.leases:
            self.leases[name].void = True

    def ends_well(self, run: Run) -> None:
        """Where nothing is left to do."""
        if run.plan == "take-over":
            return
        if run.at is None:
            self.ends(run, "succeeded")
        elif run.kind == "planned" and not run.holds:
            self._is_back(run)

    def ends(self, run: Run, status: str) -> None:
        """The run is over, and what it brought is good only where it ended well."""
        run.status = status
        place = self.places[run.spot]
        if run.kind == "emergency" and status in ("succeeded", "failed") and run.id not in place.gone_back:
            place.hold = run.id
        if run.kind != "deploy" and status == "succeeded":
            self._is_back(run)
        if place.candidate and place.candidate[1] == run.id:
            place.good = [place.candidate, *place.good] if status == "succeeded" else place.good
            place.candidate = None

    def _is_back(self, run: Run) -> None:
        """Nothing but people's lines are left of the rollback; said once."""
        place = self.places[run.spot]
        if run.id not in place.gone_back:
            place.back = run.id
            place.gone_back.add(run.id)


def spot_of(ask: asks.Start | asks.Lock | asks.Unlock) -> Spot:
    return next(s for s in SPOTS if (s.service, s.environment) == (ask.service, ask.environment))
