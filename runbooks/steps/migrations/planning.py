"""What a deploy would do to the schema: the commit's migrations against the ledger. Reads only."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Self

from runbooks.catalogue import Migrations
from runbooks.release_facts import AppliedMigration
from runbooks.steps.base import Site
from runbooks.steps.migrations.database import DatabaseUnfit, Row, Script, ServiceDatabase, State
from runbooks.steps.migrations.files import ChainBroken, Migration, chain, digits_of, number_of, stem
from runbooks.steps.migrations.losses import classify
from runbooks.steps.migrations.sql import SqlRefused, analyse
from runbooks.steps.source import Source
from runbooks.vocabulary import Json, PlanningFailed


@dataclass(frozen=True)
class PlannedMigration:
    """One migration to apply, as people approve it."""

    name: str
    checksum: str
    kind: str
    rollback: str
    rollback_checksum: str
    cls: str
    because: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """For the plan: `024_tenant_flags.sql (reversible)`."""
        return f"{self.name} ({': '.join(filter(None, (self.cls, ', '.join(self.because))))})"


@dataclass(frozen=True)
class PlannedMigrations:
    """All that is to be applied on top of what stands."""

    stands_at: str = ""  # "023_policy_profiles"; "" where nothing is recorded
    files: tuple[PlannedMigration, ...] = ()

    @property
    def params(self) -> Json:
        """As the plan keeps it."""
        return {"stands_at": self.stands_at, "files": [{**asdict(f), "because": list(f.because)} for f in self.files]}

    @classmethod
    def of(cls, params: Json) -> Self:
        """Read back from a plan."""
        files = (PlannedMigration(**{**f, "because": tuple(f["because"])}) for f in params["files"])
        return cls(params["stands_at"], tuple(files))


def stands_at(rows: Sequence[Row]) -> str:
    """The last migration applied, as records name it ("023_policy_profiles"); "" where there is none."""
    applied = [row.name for row in rows if row.state is State.APPLIED]
    return stem(max(applied, key=number_of)) if applied else ""


def applied_of(rows: Sequence[Row]) -> tuple[AppliedMigration, ...]:
    """What stands, by number, as a release keeps it."""
    return tuple(AppliedMigration(row.number, row.name, row.checksum) for row in rows if row.state is State.APPLIED)


@dataclass(frozen=True)
class MigrationPlanner:
    """Compares a commit's migrations with what the database has."""

    source: Source
    database: ServiceDatabase

    async def plan(self, site: Site) -> tuple[PlannedMigrations, tuple[str, ...]]:
        """What is to be applied, and lines about it. Raises PlanningFailed with a sentence, Unreachable."""
        settings = _settings(site)
        if settings is None:
            return PlannedMigrations(), ()
        migrations = await self._chain(site, settings)
        try:
            rows = await self.database.rows(site)
        except DatabaseUnfit as cause:
            raise PlanningFailed(str(cause)) from cause
        _refuse(site, list(_disagreements(site, migrations, rows)))
        pending = [m for m in migrations if not _applied(m, rows)]
        planned = PlannedMigrations(stands_at(rows), tuple(_judged(m) for m in pending))
        return planned, tuple(_shows(planned, rows))

    async def migrations(self, site: Site) -> tuple[Migration, ...]:
        """All migrations of the commit, in order; none where the service has none. Raises PlanningFailed."""
        settings = _settings(site)
        return await self._chain(site, settings) if settings else ()

    async def scripts(self, site: Site, planned: PlannedMigrations) -> tuple[Script, ...]:
        """The planned files as they are run. Raises PlanningFailed where the commit no longer has them so."""
        settings = _settings(site)
        files = {m.name: m for m in await self._chain(site, settings)} if settings else {}
        for wanted in planned.files:
            found = files.get(wanted.name)
            now = (found.checksum, found.rollback_checksum) if found else None
            if now != (wanted.checksum, wanted.rollback_checksum):
                raise PlanningFailed(f"{wanted.name} or its rollback script is no longer what was planned.")
        return tuple(_script(site, files[wanted.name]) for wanted in planned.files)

    async def baseline(self, site: Site, *, epoch: int, up_to: int | None = None) -> str:
        """Record the commit's migrations, up to a number, as standing already; answers where the schema stands.

        For a database that was migrated before its ledger was. Raises PlanningFailed, Unreachable, Fenced.
        """
        settings = _settings(site)
        if settings is None:
            return ""
        migrations = [m for m in await self._chain(site, settings) if up_to is None or m.number <= up_to]
        try:
            await self.database.baseline(site, migrations, epoch)
            return stands_at(await self.database.rows(site))
        except DatabaseUnfit as cause:
            raise PlanningFailed(str(cause)) from cause

    async def _chain(self, site: Site, settings: Migrations) -> tuple[Migration, ...]:
        files = await self.source.files(site.service.source.repository, site.commit, settings.folder)
        try:
            migrations = chain(files)
        except ChainBroken as cause:
            raise PlanningFailed(str(cause)) from cause
        if not migrations:
            where = f"{settings.folder} at {site.version} ({site.commit[:7]})"
            raise PlanningFailed(f"There are no migrations in {where}. Is `migrations.folder` right?")
        return migrations


def _settings(site: Site) -> Migrations | None:
    settings = site.service.migrations
    if settings is not None and site.environment.database is None:
        raise PlanningFailed(
            f"{site.service_name} has migrations, but {site.environment_name} names no database. "
            f"Add `database: VARIABLE` to it in the catalogue."
        )
    return settings


def _applied(migration: Migration, rows: Sequence[Row]) -> bool:
    return any(row.number == migration.number and row.state is State.APPLIED for row in rows)


def _refuse(site: Site, faults: list[str]) -> None:
    if faults:
        more = f" {len(faults) - 3} more like these." if len(faults) > 3 else ""  # noqa: PLR2004 # as many as are read
        raise PlanningFailed(f"{' '.join(faults[:3])}{more} {site.version} was not planned.")


def _disagreements(site: Site, migrations: Sequence[Migration], rows: Sequence[Row]) -> Iterator[str]:
    """Where the commit and the ledger contradict each other."""
    by_number = {m.number: m for m in migrations}
    standing = [row for row in rows if row.state is not State.REVERTED]
    for row in standing:
        yield from _disagreement(site, row, by_number.get(row.number))
    last = max((row.number for row in standing if row.state is State.APPLIED), default=0)
    recorded = {row.number for row in standing}
    for late in (m for m in migrations if m.number < last and m.number not in recorded):
        top = next(row.name for row in standing if row.number == last)
        yield f"{late.name} was not applied, but {top} was. Give it a number after {digits_of(top)}."


def _disagreement(site: Site, row: Row, migration: Migration | None) -> Iterator[str]:
    place = f"{site.service_name} {site.environment_name}"
    stand = f"is applied to {place}" if row.state is State.APPLIED else f"was left half-way in {place} by {row.run}"
    if migration is None:
        yield f"{row.name} {stand}, but {site.version} does not have it. Deploy a version that has it."
    elif migration.name != row.name:
        yield f"{row.name} {stand}, but {site.version} calls it {migration.name}. Give it its name back."
    elif row.state is State.APPLIED and migration.checksum != row.checksum:
        yield f"{row.name} {stand} and was changed since. Restore it and put the change in a new migration."


def _judged(migration: Migration) -> PlannedMigration:
    if not migration.rollback:
        raise PlanningFailed(
            f"Migration {migration.name} has no rollback script. "
            f"Create {migration.digits}_rollback.sql before deploying.",
            finding="migration-without-rollback",
        )
    try:
        sql = analyse(migration.name, migration.text)
        back = analyse(migration.rollback, migration.rollback_text)
    except SqlRefused as cause:
        raise PlanningFailed(str(cause)) from cause
    cls, because = classify(sql, back)
    return PlannedMigration(
        name=migration.name,
        checksum=migration.checksum,
        kind=sql.kind.value,
        rollback=migration.rollback,
        rollback_checksum=migration.rollback_checksum,
        cls=cls.value,
        because=because,
    )


def _script(site: Site, migration: Migration) -> Script:
    return Script(
        migration=migration.name,
        number=migration.number,
        checksum=migration.checksum,
        commit=site.commit,
        file=migration.name,
        sql=analyse(migration.name, migration.text),
    )


def _shows(planned: PlannedMigrations, rows: Sequence[Row]) -> Iterator[str]:
    match planned.files:
        case ():
            yield "No migration"
        case (one,):
            yield f"1 migration: {one.shown}"
        case several:
            yield f"{len(several)} migrations, in this order:"
            yield from (f.shown for f in several)
    names = {f.name for f in planned.files}
    for row in rows:
        if row.name in names and not row.state.settled:
            yield f"{row.name} was left half-way by {row.run}: a person will be asked what stands"
    if planned.files and not rows:
        yield "Nothing is recorded in this database yet. If it has some of these already, stop and run `opsbot adopt`"
