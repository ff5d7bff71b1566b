"""`way-back.write`: tries, and writes down, how this release would be taken back and at what cost; changes nothing.

The document is kept with the run and stands in its thread. Without a last known good there is no way back to write.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from runbooks.schema_fit import FIT
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.kubernetes.estimate import about
from runbooks.steps.kubernetes.estimating import expected
from runbooks.steps.kubernetes.rehearsal import rehearse
from runbooks.steps.kubernetes.restore_planning import overwrites
from runbooks.steps.kubernetes.workloads import Workloads
from runbooks.steps.migrations.losses import losses
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.sql import analyse
from runbooks.vocabulary import GAPS, Cut, Done, Failed, Json, KnownGood, Outcome, PlanningFailed


class WayBackWrite(Step):
    """Made from the plan: approvals of the plan are approvals of this way back."""

    uses = "way-back.write"
    cut = Cut.IDEMPOTENT

    def __init__(self, planner: MigrationPlanner, workloads: Workloads) -> None:
        self._planner = planner
        self._workloads = workloads

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """What would come back, what would not, and who may ask for it."""
        good = _known_good(site)
        planned: Json = {
            "version": good.version,
            "commit": good.commit,
            "recorded_by": good.run,
            "images": {workload.deployment: dict(workload.images) for workload in good.workloads},
            "config_maps": sorted({name for workload in good.workloads for name in workload.config_maps}),
            "stands_at": good.migrations_version,
            "downs": await self._downs(site),
            "groups": list(site.environment.rollers_back),
            "command": f"/rollback {site.service_name} {site.environment_name}",
        }
        line = f"Way back: {good.version} {good.commit[:7]} · {_schema(planned['downs'])}"
        back = await expected(self._workloads, site, good)
        return Resolved(planned, (line, *([back.line] if back else [])), takes=back.seconds if back else None)

    async def start(self, turn: Turn) -> Outcome:
        """Write it, once a dry run has shown that the cluster would take it."""
        planned = turn.step.params
        if why := await rehearse(self._workloads, turn, _known_good(turn.site)):
            return Failed(f"{planned['version']} could not be put back afterwards. {why}")
        lost = await overwrites(self._workloads, replace(turn.site, target=turn.site.known_good))
        takes = turn.step.takes
        within = f" in about {about(takes)}" if takes is not None else ""
        back = f"{_rehearsed(turn)}back to {planned['version']} {planned['commit'][:7]}{within}"
        line = f"{back} · {_schema(planned['downs'])}"
        line += " · overwrites changes of others" if lost.lines else ""
        document = "\n".join([*_document(turn, planned), *lost.lines])
        evidence: Json = {"document": document, "version": planned["version"]}
        return Done(line, evidence | ({"overwrites": list(lost.overwrites)} if lost.overwrites else {}))

    async def _downs(self, site: Site) -> list[Json]:
        """The way back of each migration that this release brings, newest first, with what it takes away."""
        planned, _ = await self._planner.plan(site)
        names = {file.name for file in planned.files}
        pending = [each for each in await self._planner.migrations(site) if each.name in names] if names else []
        return [
            {
                "migration": each.name,
                "file": each.rollback,
                "loses": list(losses(analyse(each.rollback, each.rollback_text))),
            }
            for each in reversed(pending)
        ]


def _rehearsed(turn: Turn) -> str:
    """That the ways back of its migrations were tried, and lead back."""
    if any(evidence.get(GAPS) for evidence in turn.evidence.values()):
        return "rehearsed with gaps, "
    return "rehearsed, " if any(evidence.get("rehearsed") for evidence in turn.evidence.values()) else ""


def _known_good(site: Site) -> KnownGood:
    if site.known_good is None:
        raise PlanningFailed(
            f"There is no last known good of {site.service_name} in {site.environment_name}: this deploy can't be "
            f"rolled back. `opsbot adopt {site.service_name} {site.environment_name}` records what runs now; then "
            "deploy again."
        )
    return site.known_good


def _schema(downs: Sequence[Json]) -> str:
    if not downs:
        return "no migration to take back"
    lossy = [down for down in downs if down["loses"]]
    files = downs[0]["file"] if len(downs) == 1 else f"{len(downs)} rollback scripts"
    return f"{files}: {_clauses(lossy) or 'takes no data away'}"


def _clauses(downs: Sequence[Json]) -> str:
    return ", ".join(clause for down in downs for clause in down["loses"])


def _document(turn: Turn, planned: Json) -> Iterator[str]:
    """Plain lines; they are read by people in a hurry."""
    site = turn.site
    yield f"Rollback plan of {site.run}: {site.service_name} {site.version} in {site.environment_name}"
    yield f"Back to: {planned['version']} {planned['commit'][:7]}, recorded as good by {planned['recorded_by']}"
    yield f"Who: {_groups(planned['groups'])}. Type: {planned['command']}"
    if turn.step.takes is not None:
        yield f"How long: {turn.step.shows[-1]}"
    for deployment, images in planned["images"].items():
        for container, image in images.items():
            yield f"Deployment {deployment}: container {container} gets {image}, with the pod template it ran with"
    yield from _of_schema(turn, planned)
    yield from _staying(planned)


def _of_schema(turn: Turn, planned: Json) -> Iterator[str]:
    if not planned["downs"]:
        yield "Schema: this release brings no migration"
        return
    fit = next((evidence[FIT] for evidence in turn.evidence.values() if FIT in evidence), None)
    if fit is None:
        yield "Schema: stays as it is unless a person who has read these scripts decides otherwise, newest first:"
    elif fit["runs"]:
        yield f"Pods first: the schema stays as it is, {planned['version']} runs on it. The ways back, newest first:"
    else:
        yield f"Database first: {planned['version']} does not run on the new schema. Before the pods, newest first:"
    for down in planned["downs"]:
        lost = ", ".join(down["loses"]) or "takes no data away"
        yield f"  {down['file']}, the way back of {down['migration']}: {lost}"
    yield from (f"  Rehearsed but for: {gap}" for each in turn.evidence.values() for gap in each.get(GAPS, ()))


def _staying(planned: Json) -> Iterator[str]:
    if planned["config_maps"]:
        yield f"Not brought back: the contents of ConfigMap {', '.join(planned['config_maps'])}, and of Secrets"
    else:
        yield "Not brought back: the contents of ConfigMaps and Secrets"
    yield "Not brought back: the number of replicas, and what the new release wrote to the database meanwhile"


def _groups(names: Sequence[str]) -> str:
    return f"anybody of {' or '.join(names)}" if names else "nobody yet: `rollers-back` names no group"
