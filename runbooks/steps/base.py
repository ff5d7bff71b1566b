"""What every step is: how it is planned, begun, looked at again, settled after a cut, and abandoned."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from runbooks.catalogue import Environment, Service
from runbooks.durations import Took
from runbooks.schema_fit import SchemaFit
from runbooks.vocabulary import OPSBOT, Actor, Cut, Json, KnownGood, NotDone, Outcome, PlannedStep, Unreachable


class Params(BaseModel):
    """A step's own keys in the document; unknown keys are faults."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )


@dataclass(frozen=True)
class RoundTrip:
    """Of a drill: the release that it goes forward to, and the one that it comes back to."""

    version: str
    commit: str  # full
    back_to: KnownGood


@dataclass(frozen=True)
class Site:
    """Where a run acts and what for: all that is known before the world is asked."""

    run: str  # "D-107"
    service_name: str
    service: Service
    environment_name: str
    environment: Environment
    requester: Actor
    version: str = ""  # as asked for; of a rollback, the target's
    commit: str = ""  # full
    known_good: KnownGood | None = None  # the last known good of this environment
    target: KnownGood | None = None  # what a rollback goes back to
    supersedes: tuple[str, ...] = ()  # runs that were stopped for this one
    cut_off: tuple["Turn", ...] = ()  # what those runs were in the middle of
    seen: frozenset[str] = frozenset()  # changes of others, by key, that people were shown and let be overwritten
    kinds: frozenset[str] = frozenset()  # of all steps of the run's document, while it is planned
    fits: tuple[SchemaFit, ...] = ()  # whether known good releases run on later schemas; newest last
    took: tuple[Took, ...] = ()  # how long pods took to come here before, as far as it is at hand
    trip: RoundTrip | None = None  # of a drill; on its way back `target` is what it comes back to

    @property
    def since(self) -> str:
        """The last known good's commit, from which what comes counts; "" where nothing comes, as in a rollback."""
        good = self.known_good
        return good.commit if good is not None and self.target is None and good.commit != self.commit else ""


@dataclass(frozen=True)
class Resolved:
    """A step, planned: exactly what will be done, and lines that say so before anybody approves.

    `params` is JSON, enters the plan's digest, and must not hold what others may change meanwhile without harm
    (replica counts, resource versions). `cut` and `changes` override the step's own where they depend on params, and
    `uses` where the catalogue says which step does it: the plan then names that one (`confirm`: a person ticks it).
    `runs` names the versions that run where the step acts, as people call them; `takes` is the seconds that the way
    back from it takes, for the step that knows.
    """

    params: Json = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    cut: Cut | None = None
    changes: bool | None = None
    uses: str = ""
    runs: tuple[str, ...] = ()
    takes: int | None = None

    def by(self, uses: str) -> "Resolved":
        """The same, done by the step of another kind."""
        return replace(self, uses=uses)

    def noted(self, note: str) -> "Resolved":
        """The same, with a remark that its line on the card ends with."""
        return replace(self, params={**self.params, "note": note}, shows=(*self.shows, note))


async def _unheard(_line: str) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Turn:
    """One attempt at one step, under one lease epoch."""

    site: Site
    step: PlannedStep
    epoch: int
    began_at: datetime  # when the intent was committed
    now: datetime
    choice: str = ""  # what a person chose, where the step waited and begins again
    by: Actor = OPSBOT  # who has it done
    changed_at: datetime | None = None  # when the run began to change the environment
    evidence: Mapping[str, Json] = field(default_factory=dict)  # of the steps done before, by step id
    report: Callable[[str], Awaitable[None]] = _unheard  # a line of progress for the card, during a long `start`

    @property
    def key(self) -> str:
        """Names this step of this run wherever an outside system can hold a name: `D-107/rollout`."""
        return f"{self.site.run}/{self.step.id}"


class Untouched(str):
    """What `abandon` answers where it is known that the step changed nothing: a clause, as any other answer."""


class Step:
    """A step of one kind; its subclasses stand one per file. Objects are shared by all runs and hold no run's state.

    All methods may raise Unreachable (nothing is known to have changed: the engine looks again later) and Fenced.
    `start` returns the outcome; anything that goes on outside is Pending and looked at by `check`.
    """

    uses: str
    params: type[Params] = Params
    changes: bool = False  # whether it changes the environment, and so needs the plan's approvals
    touches: frozenset[str] = frozenset()  # what it changes or fences of what a run can reserve
    cut: Cut = Cut.IDEMPOTENT
    finding: str | None = None  # of the escalation table, when it fails and the document names none

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # the default needs no world
        """Plan it: read the world, change nothing. Raises PlanningFailed with a sentence for people."""
        return Resolved(params.model_dump(mode="json"))

    async def start(self, turn: Turn) -> Outcome:
        """Do it. The intent (key, epoch) is committed; called once per intent."""
        raise NotImplementedError

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Look again at what `start` or the last `check` left Pending."""
        raise NotImplementedError

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        """After a cut (for steps that reconcile): fence the targets with this epoch, read the world, answer."""
        raise NotImplementedError

    async def abandon(self, turn: Turn) -> str:  # noqa: ARG002  # the default has nothing outside
        """End what an interrupted `start` set going and fence its targets with `turn.epoch`.

        Answers what it did, as one short clause for both runs' cards; Untouched where it is known to be nothing
        ("no pod was changed").
        """
        return ""


def kind_of(steps: Mapping[str, Step], planned: PlannedStep) -> Step:
    """What does a planned step. Raises Unreachable where the plan is another release's, which may run beside this."""
    try:
        return steps[planned.uses]
    except KeyError:
        raise Unreachable(f"An Opsbot that knows the step `{planned.uses}`") from None
