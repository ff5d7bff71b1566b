"""`environment.as-before`: the place runs what a drill comes back to, and its schema stands where it stood.

It stands twice in a drill: before the first change, where it is what the plan is made from, and at the end.
"""

from runbooks.digests import digest_of
from runbooks.steps.base import Params, Resolved, RoundTrip, Site, Step, Turn
from runbooks.steps.kubernetes.outdated import differences
from runbooks.steps.kubernetes.workloads import Denied, Workloads
from runbooks.steps.migrations.database import DatabaseUnfit, Row, ServiceDatabase, State
from runbooks.steps.migrations.planning import stands_at
from runbooks.steps.migrations.staying import has_schema
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, PlanningFailed


class AsBefore(Step):
    """Compares; changes nothing."""

    uses = "environment.as-before"
    cut = Cut.IDEMPOTENT
    finding = "drill-failed"

    def __init__(self, workloads: Workloads, databases: ServiceDatabase) -> None:
        self._workloads = workloads
        self._databases = databases

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """What stands now, which is what it is held against. Refuses a place that is not as it was recorded."""
        if site.trip is None:
            raise PlanningFailed("Only a drill has something that it comes back to.")
        good, place = site.trip.back_to, f"{site.service_name} in {site.environment_name}"
        try:
            found = await differences(self._workloads, site, good)
            stands = await self._stands(site)
        except (Denied, DatabaseUnfit) as cause:
            raise PlanningFailed(str(cause)) from cause
        if found:
            raise PlanningFailed(
                f"{place} is not {good.version} as it was recorded, so a drill would not bring back what stands "
                f"there. {' '.join(found)} Deploy a version, or record what runs: `opsbot adopt {site.service_name} "
                f"{site.environment_name}`."
            )
        shows = () if site.target else (f"There and back: {good.version} → {site.trip.version} → {good.version}",)
        return Resolved({"version": good.version, **stands}, shows)

    async def start(self, turn: Turn) -> Outcome:
        """Look, and compare with the plan."""
        trip: RoundTrip | None = turn.site.trip
        assert trip is not None  # noqa: S101  # it was planned so
        try:
            found = list(await differences(self._workloads, turn.site, trip.back_to))
            now = await self._stands(turn.site)
        except (Denied, DatabaseUnfit) as cause:
            return Failed(str(cause))
        wanted = turn.step.params
        if now["ledger"] != wanted["ledger"]:
            found.append(f"The schema stands at {_at(now)}, by another ledger; before it was at {_at(wanted)}.")
        if found:
            return Failed(f"It is not what it was before. {' '.join(found)}", {"differs": found})
        schema = f", schema at {_at(wanted)}" if has_schema(turn.site) else ""
        return Done(f"{wanted['version']} as it was recorded{schema}", {"version": wanted["version"], **now})

    async def _stands(self, site: Site) -> Json:
        """Where the schema stands, and a digest of all that is applied."""
        if not has_schema(site):
            return {"stands_at": "", "ledger": ""}
        rows = await self._databases.rows(site)
        return {"stands_at": stands_at(rows), "ledger": digest_of([_row(row) for row in rows if _counts(row)])}


def _counts(row: Row) -> bool:
    return row.state is not State.REVERTED


def _row(row: Row) -> list[str]:
    return [row.name, row.checksum, row.state.value]


def _at(params: Json) -> str:
    return str(params["stands_at"]) or "no migration"
