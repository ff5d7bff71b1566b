"""From a document to a plan: every step resolved against the world as it is now. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from pydantic import ValidationError

from runbooks.catalogue import Catalogue
from runbooks.commits import Commits
from runbooks.documents.placeholders import BadParameter, bind
from runbooks.documents.runbook import Item, Phase, Runbook
from runbooks.durations import Took
from runbooks.engine import legs
from runbooks.releases.state import Release
from runbooks.runs.drill import DRILL, turning_point
from runbooks.runs.plans import too_slow
from runbooks.runs.state import Run
from runbooks.steps.base import Site, Step, kind_of
from runbooks.steps.source import Source
from runbooks.vocabulary import OnFailure, Plan, PlannedStep, PlanningFailed, Quorum, Unreachable

TAKE_OVER = "take-over"


class Library(Protocol):
    """The runbooks that ship, and the team's own."""

    def runbook(self, runbook_id: str) -> Runbook:
        """What a run of this runbook does. KeyError where there is none."""
        ...


@dataclass(frozen=True)
class Planner:
    """Makes plans."""

    catalogue: Catalogue
    library: Library
    steps: Mapping[str, Step]
    source: Source

    def kind(self, step: PlannedStep) -> Step:
        """What does it. Raises Unreachable where this process does not know it."""
        return kind_of(self.steps, step)

    def has(self, run: Run) -> bool:
        """Whether the catalogue has the place where the run acts."""
        return self.catalogue.place(run.service, run.environment) is not None

    def site(self, run: Run, release: Release, step: PlannedStep | None = None) -> Site:
        """Where the run acts, with this step. Raises PlanningFailed where the catalogue no longer has the place."""
        service = self.catalogue.services.get(run.service)
        environment = service.environments.get(run.environment) if service else None
        if service is None or environment is None:
            raise PlanningFailed(f"The catalogue has no {run.service} in {run.environment} any more.")
        site = Site(
            run=run.id,
            service_name=run.service,
            service=service,
            environment_name=run.environment,
            environment=environment,
            requester=run.requester,
            version=run.version,
            commit=run.plan.commit if run.plan else run.target.commit if run.target else "",
            known_good=release.known_good,
            fits=release.fits,
            target=run.target,
            supersedes=run.supersedes,
            seen=frozenset({*run.seen, *(run.overwrites if run.quorum else ())}),  # people approve what a plan shows
        )
        return legs.site_of(run, site, step)

    async def plan(self, run: Run, release: Release, took: tuple[Took, ...] = ()) -> tuple[Plan, bool]:
        """The plan, and whether it is provisional: the take-over alone, before anything is read.

        `took`: how long pods took to come here before.

        Raises PlanningFailed with a sentence, Unreachable; the latter too where another release knows its runbook.
        """
        site = self.site(run, release)
        if run.command == DRILL:
            site = legs.outward(site, await legs.destination(self.source, run, release, site))
        runbook = self._runbook(run, site.version)
        items = [(phase, item) for phase in runbook.phases for item in phase.items]
        site = replace(site, kinds=frozenset(item.uses for _, item in items), took=took)
        provisional = items[0][1].uses == TAKE_OVER and not _done(run, items[0][1].id)
        turns = turning_point([item.uses for _, item in items]) if site.trip else len(items)
        if provisional:
            items = items[:1]
        elif run.target is None:
            found = await self.source.resolve(site.service.source.repository, run.version)
            site = replace(site, commit=found.commit)
        steps = [await self._step(phase, item, site) for phase, item in items[:turns]]
        steps += [await self._step(phase, item, legs.homeward(site)) for phase, item in items[turns:]]
        brings = None if provisional else await self._brings(site)
        return replace(self._plan(run, runbook, site, steps), brings=brings), provisional

    async def _brings(self, site: Site) -> Commits | None:
        """What comes since the last known good, for people to read; a rollback brings nothing."""
        if not site.since:
            return None
        return await self.source.between(site.service.source.repository, site.since, site.commit)

    def _plan(self, run: Run, runbook: Runbook, site: Site, steps: list[PlannedStep]) -> Plan:
        return Plan(
            runbook=runbook.id,
            document=runbook.digest,
            service=run.service,
            environment=run.environment,
            version=site.version,
            commit=site.commit,
            steps=tuple(steps),
            quorum=_quorum(run, site, steps),
            severity=runbook.severity,
        )

    def _runbook(self, run: Run, version: str) -> Runbook:
        try:
            runbook = self.library.runbook(run.runbook)
            place = {"service": run.service, "environment": run.environment, "version": version}
            known = {**run.parameters, **place}
            return bind(runbook, {p.name: known[p.name] for p in runbook.parameters if p.name in known})
        except KeyError:
            raise Unreachable(f"An Opsbot that knows the runbook `{run.runbook}`") from None
        except BadParameter as fault:
            raise PlanningFailed(str(fault)) from fault

    async def _step(self, phase: Phase, item: Item, site: Site) -> PlannedStep:
        step = self.steps[item.uses]
        try:
            params = step.params.model_validate(item.step.params if item.step else {})
        except ValidationError as fault:
            raise PlanningFailed(f"{item.title}: {fault.errors()[0]['msg']}") from fault
        resolved = await step.resolve(params, site)
        uses = resolved.uses or item.uses
        step = self.steps[uses]
        return PlannedStep(
            id=item.id,
            title=item.title,
            phase=phase.title,
            uses=uses,
            params=resolved.params,
            shows=resolved.shows,
            changes=step.changes if resolved.changes is None else resolved.changes,
            cut=resolved.cut or step.cut,
            on_failure=_with_finding(item, step),
            line=item.line,
            runs=resolved.runs,
            takes=resolved.takes,
        )


def _quorum(run: Run, site: Site, steps: list[PlannedStep]) -> Quorum | None:
    """Whose approvals it takes: as the catalogue says now, but of one group never fewer than were asked for.

    Where the way back is slow, one more.
    """
    asked, now = run.quorum, site.environment.approval
    if asked is None:
        return None
    count = now.count + (too_slow(steps) is not None)
    return Quorum(now.group, max(count, asked.count) if now.group == asked.group else count)


def _done(run: Run, step_id: str) -> bool:
    return step_id in run.steps and run.steps[step_id].finished


def _with_finding(item: Item, step: Step) -> OnFailure:
    declared = item.step.on_failure if item.step else OnFailure()
    return declared if declared.finding else replace(declared, finding=step.finding)
