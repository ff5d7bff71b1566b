"""What happened to a release."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from runbooks.releases.lag import Lag
from runbooks.vocabulary import Actor, KnownGood


@dataclass(frozen=True)
class _Happened:
    by: Actor
    at: datetime


@dataclass(frozen=True)
class Locked(_Happened):
    """Deploys were stopped."""

    reason: str
    kind: Literal["locked"] = "locked"


@dataclass(frozen=True)
class Unlocked(_Happened):
    """Deploys may go on."""

    reason: str = ""
    kind: Literal["unlocked"] = "unlocked"


@dataclass(frozen=True)
class Staged(_Happened):
    """A run recorded what it brought; it is good only when the run has ended well."""

    candidate: KnownGood
    kind: Literal["staged"] = "staged"


@dataclass(frozen=True)
class Promoted(_Happened):
    """The candidate became the last known good."""

    run: str
    kind: Literal["promoted"] = "promoted"


@dataclass(frozen=True)
class Dropped(_Happened):
    """The candidate's run did not end well."""

    run: str
    kind: Literal["dropped"] = "dropped"


@dataclass(frozen=True)
class Adopted(_Happened):
    """A person declared that what runs now is good."""

    known_good: KnownGood
    kind: Literal["adopted"] = "adopted"


@dataclass(frozen=True)
class Left(_Happened):
    """A run left changes that nothing takes back by itself."""

    run: str
    kind: Literal["left"] = "left"


@dataclass(frozen=True)
class Settled(_Happened):
    """A rollback or a deploy that ended well put an end to all that was left."""

    run: str
    kind: Literal["settled"] = "settled"


@dataclass(frozen=True)
class Kept(_Happened):
    """The record stands everywhere where the catalogue wants it; `digest` is of its text and those places."""

    digest: str
    kind: Literal["kept"] = "kept"


@dataclass(frozen=True)
class FellBehind(_Happened):
    """The record is outdated; `finding` says so, in these lines."""

    lag: Lag
    finding: str
    what: tuple[str, ...]
    kind: Literal["fell-behind"] = "fell-behind"


@dataclass(frozen=True)
class CaughtUp(_Happened):
    """It is outdated no more in the way that this finding says; `how` is a sentence."""

    lag: Lag
    finding: str
    how: str
    kind: Literal["caught-up"] = "caught-up"


Event = Annotated[
    Locked | Unlocked | Staged | Promoted | Dropped | Adopted | Left | Settled | Kept | FellBehind | CaughtUp,
    Field(discriminator="kind"),
]
