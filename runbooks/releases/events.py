"""What happened to a release."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from runbooks.events import Happened
from runbooks.release_facts import KpiValue
from runbooks.releases.lag import Lag
from runbooks.schema_fit import SchemaFit
from runbooks.vocabulary import Actor, KnownGood


@dataclass(frozen=True)
class Locked(Happened):
    """Deploys were stopped: by a person, or after a rollback (`run`), until somebody releases them with a reason."""

    reason: str
    run: str = ""  # the rollback
    replaces: str = ""  # the rollback that held them until then
    kind: Literal["locked"] = "locked"


@dataclass(frozen=True)
class Unlocked(Happened):
    """Deploys may go on, as far as this lock goes."""

    reason: str = ""
    run: str = ""  # the rollback after which they were held; "": a person's lock was released
    kind: Literal["unlocked"] = "unlocked"


@dataclass(frozen=True)
class Staged(Happened):
    """A run recorded what it brought; it is good only when the run has ended well."""

    candidate: KnownGood
    kind: Literal["staged"] = "staged"


@dataclass(frozen=True)
class Promoted(Happened):
    """The candidate became the last known good, with what was known of it once its run had ended."""

    run: str
    kpis: tuple[KpiValue, ...] = ()
    approved_by: tuple[Actor, ...] = ()
    bundle: str = ""  # SHA-256 of all that is kept of it, as `opsbot lkg export` writes it
    kind: Literal["promoted"] = "promoted"


@dataclass(frozen=True)
class Tried(Happened):
    """A deploy tried, before it changed anything, whether the last known good runs on the schema that it brings."""

    fit: SchemaFit
    kind: Literal["tried"] = "tried"


@dataclass(frozen=True)
class Dropped(Happened):
    """The candidate's run did not end well; or (`why`, a sentence) something else changed the place since."""

    run: str
    why: str = ""
    kind: Literal["dropped"] = "dropped"


@dataclass(frozen=True)
class Adopted(Happened):
    """A person declared that what runs now is good."""

    known_good: KnownGood
    bundle: str = ""  # as Promoted's
    kind: Literal["adopted"] = "adopted"


@dataclass(frozen=True)
class Imported(Happened):
    """A person recorded a known good release that a bundle holds."""

    known_good: KnownGood
    bundle: str  # SHA-256 of the file
    reason: str
    kind: Literal["imported"] = "imported"


@dataclass(frozen=True)
class Left(Happened):
    """A run left changes that nothing takes back by itself."""

    run: str
    kind: Literal["left"] = "left"


@dataclass(frozen=True)
class Settled(Happened):
    """A rollback or a deploy that ended well put an end to all that was left."""

    run: str
    kind: Literal["settled"] = "settled"


@dataclass(frozen=True)
class WentBack(Happened):
    """A rollback took the place to this release, and it stands."""

    run: str
    version: str
    commit: str
    kind: Literal["went-back"] = "went-back"


@dataclass(frozen=True)
class WentOn(Happened):
    """A run began to change the place that a rollback had taken back."""

    run: str
    kind: Literal["went-on"] = "went-on"


@dataclass(frozen=True)
class Kept(Happened):
    """The record stands everywhere where the catalogue wants it; `digest` is of its text and those places."""

    digest: str
    kind: Literal["kept"] = "kept"


@dataclass(frozen=True)
class FellBehind(Happened):
    """The record is outdated; `finding` says so, in these lines."""

    lag: Lag
    finding: str
    what: tuple[str, ...]
    kind: Literal["fell-behind"] = "fell-behind"


@dataclass(frozen=True)
class CaughtUp(Happened):
    """It is outdated no more in the way that this finding says; `how` is a sentence."""

    lag: Lag
    finding: str
    how: str
    kind: Literal["caught-up"] = "caught-up"


@dataclass(frozen=True)
class HeldUp(Happened):
    """A deploy came to its end with nothing to take back; `finding` says why."""

    finding: str
    document: str = ""  # the runbook that it went by; "": not known
    kind: Literal["held-up"] = "held-up"


@dataclass(frozen=True)
class Cleared(Happened):
    """A later deploy ended well, so what this finding says holds no more; `how` is a sentence."""

    finding: str
    how: str
    kind: Literal["cleared"] = "cleared"


@dataclass(frozen=True)
class IncidentOpened(Happened):
    """People opened an incident that concerns the place."""

    incident: str
    kind: Literal["incident-opened"] = "incident-opened"


Event = Annotated[
    Locked
    | Unlocked
    | Staged
    | Promoted
    | Tried
    | Dropped
    | Adopted
    | Imported
    | Left
    | Settled
    | WentBack
    | WentOn
    | Kept
    | FellBehind
    | CaughtUp
    | HeldUp
    | Cleared
    | IncidentOpened,
    Field(discriminator="kind"),
]
