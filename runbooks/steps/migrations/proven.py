"""`migrations.proven`: the release's migrations stand where they are tried first, and a good release runs on them.

The ledger there must hold the same files with the same checksums. In that first place itself there is nothing to hold
against; elsewhere, without `proven-in`, a person ticks the line.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.confirm import Confirm
from runbooks.steps.migrations.database import BASELINE, DatabaseUnfit, Row, State
from runbooks.steps.migrations.files import Migration, digits_of, number_of
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.silence import silent
from runbooks.vocabulary import Cut, Done, Failed, Json, KnownGood, Outcome, PlanningFailed, Unreachable


class GoodReleases(Protocol):
    """What was last known good, and before it."""

    async def good(self, service: str, environment: str) -> tuple[KnownGood, ...]:
        """The known good releases of a place, newest first."""
        ...


class MigrationsProven(Step):
    """Reads the other environment's ledger and its good releases; changes nothing anywhere."""

    uses = "migrations.proven"
    cut = Cut.IDEMPOTENT

    def __init__(self, planner: MigrationPlanner, *, releases: GoodReleases) -> None:
        self._planner = planner
        self._releases = releases

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Which migrations, and where they must have been tried."""
        planned, _ = await self._planner.plan(site)
        names, place = [file.name for file in planned.files], site.environment.proven_in
        if names and place is None and (for_others := _asking_for(site)):
            first = f"this is where they are tried, before {' and '.join(for_others)}"
            return Resolved({"proven_in": site.environment_name, "files": names}, (first,))
        if names and place is None:
            asked = f"A person says whether the migrations were tried: {site.environment_name} has no `proven-in`"
            return Resolved(uses=Confirm.uses, shows=(asked,))
        if names and site.service.environments[str(place)].database is None:
            raise PlanningFailed(
                f"The migrations are to be tried in {place}, which names no database. "
                "Add `database: VARIABLE` to it in the catalogue."
            )
        shows = (f"tried in {place} first, with a good release on them",) if names else ()
        return Resolved({"proven_in": place, "files": names}, shows)

    async def start(self, turn: Turn) -> Outcome:
        """Compare."""
        if not turn.step.params["files"]:
            return Done("no migrations in this release", {"files": []})
        if turn.step.params["proven_in"] == turn.site.environment_name:
            return Done("this is where they are tried", {"files": turn.step.params["files"]})
        return await self._look(turn)

    async def check(self, turn: Turn, token: Json) -> Outcome:  # noqa: ARG002 # it is the same question again
        """Compare again, after the other database was silent."""
        return await self._look(turn)

    async def _look(self, turn: Turn) -> Outcome:
        there = _there(turn.site, str(turn.step.params["proven_in"]))
        try:
            wanted = await self._planner.migrations(turn.site)
            rows = await self._planner.database.rows(there)
        except (PlanningFailed, DatabaseUnfit) as cause:
            return Failed(str(cause))
        except Unreachable as cause:
            return silent(turn, cause, f"whether the migrations were tried in {there.environment_name} is not known")
        good = await self._releases.good(there.service_name, there.environment_name)
        return _judged(there, wanted, rows, good=good)


def _asking_for(site: Site) -> list[str]:
    """The environments that have their migrations tried here."""
    return [name for name, other in site.service.environments.items() if other.proven_in == site.environment_name]


def _there(site: Site, name: str) -> Site:
    return replace(site, environment_name=name, environment=site.service.environments[name], known_good=None)


def _judged(there: Site, wanted: Sequence[Migration], rows: Sequence[Row], *, good: Sequence[KnownGood]) -> Outcome:
    name, standing = there.environment_name, {row.number: row for row in rows}
    for migration in wanted:
        if fault := _fault(there, migration, standing.get(migration.number)):
            return Failed(fault)
    last = wanted[-1]
    later = [row for row in rows if row.state is not State.REVERTED and row.number > last.number]
    moved = [row.started_at for row in rows if row.number <= last.number and row.kind != BASELINE]
    green = [each for each in good if number_of(each.migrations_version) >= last.number and _after(each, moved)]
    exact = [each for each in green if number_of(each.migrations_version) == last.number]
    if later and not exact:
        return Failed(
            f"{name} is ahead: {later[0].name} stands there, which {there.version} does not have, and no good "
            f"release ran there at {digits_of(last.name)}. Deploy a version that has it, or take it back in {name} "
            f"and deploy {there.version} there first."
        )
    if not green:
        return Failed(
            f"{last.name} stands in {name}, but no deploy there has ended well since. Deploy {there.version} to "
            f"{name}, see it end well, then deploy again."
        )
    return _proven(there, last, (exact or green)[0])


def _after(release: KnownGood, moved: Sequence[datetime]) -> bool:
    """Whether it was found good after all of these were applied."""
    return all(release.at >= at for at in moved)


def _fault(there: Site, migration: Migration, row: Row | None) -> str:
    name = there.environment_name
    first = f"Deploy {there.version} to {name} first."
    if row is None:
        return f"{name} is behind: {migration.name} was not applied there. {first}"
    if row.state is State.REVERTED:
        return f"{migration.name} was taken back in {name} by {row.run}. {first}"
    if not row.state.settled:
        return f"{migration.name} was left half-way in {name} by {row.run}. Mend it there first."
    if row.name != migration.name:
        return f"{name} has {row.name} where {there.version} has {migration.name}: another migration was tried."
    if row.checksum != migration.checksum:
        return (
            f"{migration.name} is another text in {name} than in {there.version} (SHA-256 {row.checksum[:7]} there, "
            f"{migration.checksum[:7]} here). What was tried is not what would be applied: give the change a number "
            f"of its own, and deploy that to {name} first."
        )
    return ""


def _proven(there: Site, last: Migration, release: KnownGood) -> Done:
    name = there.environment_name
    line = f"{digits_of(last.name)} stands in {name}, {release.version} is good on it"
    return Done(line, {"proven_in": name, "stands_at": last.name, "version": release.version, "run": release.run})
