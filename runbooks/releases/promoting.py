"""The candidate of a run that ended well becomes the last known good, with what is known of it by then. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from runbooks.release_facts import KpiValue
from runbooks.releases import events as e
from runbooks.releases.bundle import bundle_of
from runbooks.releases.state import Release
from runbooks.vocabulary import OPSBOT, Actor, KnownGood


@dataclass(frozen=True)
class Promote:
    """The run ended well: its candidate is the last known good."""

    run: str
    by: Actor = OPSBOT
    kpis: tuple[KpiValue, ...] = ()
    approved_by: tuple[Actor, ...] = ()


def promotion(release: Release, candidate: KnownGood, command: Promote, now: datetime) -> e.Promoted:
    """The event, which names the bundle of all that is kept of the release."""
    whole = replace(candidate, kpis=command.kpis, approved_by=command.approved_by)
    digest = bundle_of(release.service, release.environment, whole).digest
    return e.Promoted(command.by, now, command.run, whole.kpis, whole.approved_by, digest)
