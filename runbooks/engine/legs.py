"""The two legs of a drill: which release it goes forward to, and where its steps act on either way."""

from contextlib import suppress
from dataclasses import replace

from runbooks.catalogue import Environment
from runbooks.releases.state import Release
from runbooks.runs.drill import DRILL, is_on_the_way_back
from runbooks.runs.state import Run
from runbooks.steps.base import RoundTrip, Site
from runbooks.steps.source import Found, Source
from runbooks.vocabulary import KnownGood, PlannedStep, PlanningFailed

_LOOKED_AT = 20  # of the source's newest versions


def returns_to(release: Release) -> KnownGood | None:
    """What runs at a place, where a record has all of it: the last known good, or what a rollback put there.

    None where nobody can tell.
    """
    if (back := release.taken_back) is not None:
        return next((good for good in release.good if good.commit == back.commit), None)
    return None if release.astray else release.known_good


def site_of(run: Run, site: Site, step: PlannedStep | None) -> Site:
    """Where this step of the run acts: of a drill it depends on the way. Any other run's site stays as it is."""
    if run.command != DRILL or run.target is None:
        return site
    commit = run.plan.commit if run.plan else ""
    out = outward(site, RoundTrip(run.version, commit, run.target))
    return homeward(out) if step is not None and is_on_the_way_back(run, step.id) else out


def outward(site: Site, trip: RoundTrip) -> Site:
    """On the way forward, as a deploy."""
    return replace(site, version=trip.version, commit=trip.commit, target=None, trip=trip)


def homeward(site: Site) -> Site:
    """On the way back, as a rollback."""
    assert site.trip is not None  # noqa: S101  # only a drill has one
    good = site.trip.back_to
    return replace(site, version=good.version, commit=good.commit, target=good)


async def destination(source: Source, run: Run, release: Release, site: Site) -> RoundTrip:
    """Where a drill goes: what was asked for, or what the catalogue says, or the newest version that does not run.

    Where the newest is what runs, the good release before it. Raises PlanningFailed, Unreachable.
    """
    assert run.target is not None  # noqa: S101  # it was asked for with it
    repository, back_to = site.service.source.repository, run.target
    version = run.version or configured(site.environment)
    if version:
        found = await source.resolve(repository, version)
        if found.commit == back_to.commit:
            raise PlanningFailed(
                f"{version} is what runs in {site.environment_name}, so going there and back would show nothing. "
                "Name another version, or none: then it is the newest one that does not run."
            )
    else:
        found = await _newest(source, repository, release, back_to)
    return RoundTrip(version or found.name, found.commit, back_to)


def configured(environment: Environment) -> str:
    """The version that the catalogue names; "" where it names none."""
    return (environment.drill.version or "") if environment.drill else ""


async def _newest(source: Source, repository: str, release: Release, back_to: KnownGood) -> Found:
    """The newest version of the source that is not what runs; where that is the newest, the good one before it."""
    names = list(await source.newest(repository, _LOOKED_AT))
    found = [await source.resolve(repository, name) for name in names[:1]]
    if found and found[0].commit != back_to.commit:
        return found[0]
    good = [each.version for each in release.good if each.commit != back_to.commit]
    for name in [*good, *names[1:]]:
        with suppress(PlanningFailed):  # a tag that the source has no more
            other = await source.resolve(repository, name)
            if other.commit != back_to.commit:
                return other
    raise PlanningFailed("The source has no other version than what runs, so there is nothing to go forward to.")
