"""What runs where: the lock, the candidate, and the last known good of one service in one environment."""

from dataclasses import dataclass, field
from datetime import datetime

from runbooks.releases.lag import Behind, Lag
from runbooks.schema_fit import SchemaFit
from runbooks.vocabulary import Actor, KnownGood

KEPT = 20  # releases that `/rollback ... to VERSION` can still reach
NOTED = 5  # incidents


@dataclass(frozen=True)
class Lock:
    """Somebody stopped deploys here, and why; or they are held since a rollback (`run`), until they are released."""

    by: Actor
    at: datetime
    reason: str
    run: str = ""


@dataclass(frozen=True)
class Held:
    """When a deploy ended with a finding and nothing to take back, and by which document it went."""

    at: datetime
    document: str = ""


@dataclass(frozen=True)
class Back:
    """The rollback that took the place to what runs now: nothing has begun to change it since."""

    run: str
    at: datetime
    version: str
    commit: str


@dataclass(frozen=True)
class Release:
    """The stream `release/SERVICE/ENVIRONMENT`."""

    service: str
    environment: str
    lock: Lock | None = None  # a person's
    hold: Lock | None = None  # since a rollback; beside it a person's lock stays theirs
    back: Back | None = None
    gone_back: tuple[str, ...] = ()  # rollbacks whose end is told here, each once; newest last
    candidate: KnownGood | None = None
    good: tuple[KnownGood, ...] = ()  # newest first
    fits: tuple[SchemaFit, ...] = ()  # whether known good releases run on later schemas; newest last
    left: tuple[str, ...] = ()  # runs whose changes stand, and nothing takes back by itself; newest last
    kept: str = ""  # digest of the record's text and places, as it was last written there
    behind: tuple[Behind, ...] = ()  # in which ways the record is outdated
    held_up: dict[str, Held] = field(default_factory=dict)  # by the finding that says why
    incidents: tuple[str, ...] = ()  # the last that people opened here, whether over or not; newest last

    @property
    def stops(self) -> Lock | None:
        """What keeps deploys from changing anything here; of two, the person's lock."""
        return self.lock or self.hold

    @property
    def taken_back(self) -> Back | None:
        """The rollback that put here what runs, as far as is known: a second one without a version would undo it."""
        good, back = self.known_good, self.back
        altered = back and good and good.commit == back.commit and self.is_behind(Lag.RUNS)
        return None if altered else back

    def is_behind(self, lag: Lag) -> bool:
        """Whether the record is outdated in this way."""
        return any(each.lag is lag for each in self.behind)

    @property
    def known_good(self) -> KnownGood | None:
        """The last known good; None before the first deploy that ended well, or `opsbot adopt`."""
        return self.good[0] if self.good else None

    @property
    def astray(self) -> str:
        """Why the last known good is not known to be what runs, as a sentence; "" where it is, or there is none."""
        good = self.known_good
        if good is None:
            return ""
        if self.left:
            return f"What {self.left[-1]} changed in {self.environment} stands, and nothing has taken it back."
        if self.is_behind(Lag.RUNS):
            return f"{self.environment} does not run its last known good, {good.version}."
        if self.candidate and self.candidate.commit != good.commit:
            brought = f"{self.candidate.run} brought {self.candidate.version} to {self.environment}"
            return f"{brought}, and that is not its last known good yet."
        return ""

    def find(self, version: str) -> KnownGood | None:
        """The newest known good of that version, or of that commit (seven digits or more)."""
        is_commit = len(version) >= 7  # noqa: PLR2004  # git's short commit
        return next(
            (g for g in self.good if g.version == version or (is_commit and g.commit.startswith(version))), None
        )
