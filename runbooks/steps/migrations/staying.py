"""What a rollback leaves as it is in the service's database, in lines for whoever decides; reads only."""

import asyncio
from collections.abc import Sequence

from runbooks.steps.base import Site
from runbooks.steps.migrations.database import DatabaseUnfit, Row, ServiceDatabase
from runbooks.steps.migrations.downs import newer
from runbooks.steps.migrations.files import stem
from runbooks.steps.migrations.first import fit_of, known_not_to_run, known_to_run
from runbooks.vocabulary import Fenced, Unreachable

PATIENCE = 3.5  # seconds; with the look-ups before it, an answer to a person comes within 5


def has_schema(site: Site) -> bool:
    """Whether the service has a database that the bot knows the migrations of."""
    return site.service.migrations is not None and site.environment.database is not None


async def stays(databases: ServiceDatabase, site: Site) -> list[str]:
    """What stays in the service's database when its pods go back; what can't be read in time is said to be unknown.

    Empty where nothing was applied since, or there is no schema.
    """
    if not has_schema(site):
        return []
    try:
        async with asyncio.timeout(PATIENCE):
            rows = await databases.rows(site)
    except (TimeoutError, Unreachable, Fenced, DatabaseUnfit):
        return ["Database: not known, it did not answer in time. Its schema stays as it is"]
    since = newer(rows, site)[::-1]
    if fit := fit_of(site, since[::-1]):
        return [f"Database: {known_to_run(fit, since[::-1])}" if fit.runs else known_not_to_run(fit, since[::-1])]
    return [_stay(since, site), *_half_way(since)] if since else []


def _stay(since: Sequence[Row], site: Site) -> str:
    listed, stay = ", ".join(row.name.partition("_")[0] for row in since), "stay" if len(since) > 1 else "stays"
    without = site.target is not None and not site.target.migrations_version
    version = f"{site.version}, recorded without a migration," if without else site.version
    return f"Database: {listed} {stay}; it is not known whether {version} runs on {stem(since[-1].name)}"


def _half_way(since: Sequence[Row]) -> list[str]:
    half = [row for row in since if not row.state.settled]
    return [f"Database: {stem(row.name)} was left half-way by {row.run}: a part of it may stand" for row in half]
