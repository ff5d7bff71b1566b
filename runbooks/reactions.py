"""What an event of one room asks of others: a failed deploy raises a finding and goes back. Pure.

With `endings`, which it begins for a run that ends, the only place where the rooms meet.
"""

from typing import Any

from pydantic import TypeAdapter

from runbooks import concerns, drilled
from runbooks.accounts import gone_back
from runbooks.catalogue import Catalogue
from runbooks.concerns import incident_with
from runbooks.endings import (
    OUTDATED,
    Asked,
    See,
    finding_of,
    finding_stream,
    of_end,
    of_standing,
    raised_by,
    release_of,
    runs_behind,
    runs_left,
    streams_behind,
)
from runbooks.gates import Gate, stream_of
from runbooks.incidents.findings import Acknowledged, Finding, Mend, Raise
from runbooks.incidents.handling import TakeOn
from runbooks.incidents.incident import Incident
from runbooks.releases.decide import Learn, Stage, Supplant
from runbooks.releases.events import Adopted, CaughtUp, Cleared, Dropped, FellBehind, Locked, Unlocked
from runbooks.releases.lag import Lag
from runbooks.releases.record import CatchUp, FallBehind
from runbooks.releases.state import Release
from runbooks.runs import events as e
from runbooks.runs.commands import EndHold, Note
from runbooks.runs.state import Run, Status
from runbooks.schema_fit import FIT, SchemaFit
from runbooks.steps.incident_record import RECORD
from runbooks.tenants.decide import Fail, GoLive, Pass
from runbooks.vocabulary import Done, Failed, KnownGood


def looks_at(state: object) -> list[str]:
    """The streams that the reactions to an event of this state look at, beside its own."""
    match state:
        case Run() as run if run.service:
            return [release_of(run), incident_with(run), *streams_behind(run)]
        case Release() as release:
            return [f"run/{name}" for name in release.left]
        case Incident() as incident:
            return concerns.seen_from(incident)
        case _:
            return []


def shown_by(state: object) -> list[str]:
    """The streams whose messages show this state too: they are rendered anew when it moves."""
    if not isinstance(state, Incident):
        return []
    runs = dict.fromkeys(f"run/{finding.partition('.')[0]}" for finding in state.findings)
    back = [concerns.rollback_of(state)] if state.run or state.rollback or state.findings else []
    return [*(f"finding/{finding}" for finding in state.findings), *dict.fromkeys([*runs, *back])]


def react(catalogue: Catalogue, event: object, state: object, see: See) -> Asked:
    """The commands that follow from an event, each with the stream it goes to."""
    return [*_asked(catalogue, event, state, see), *concerns.follows(event, state), *drilled.follows(event, state)]


def _asked(catalogue: Catalogue, event: object, state: object, see: See) -> Asked:
    match event, state:
        case e.Recorded(step=step, outcome=Done() | Failed() as outcome), Run() as run if _of_tenant(run, step):
            return _of_onboarding(run, step, outcome, see(release_of(run)))
        case e.Recorded() | e.Answered(), Run() as run:
            return [*_of_outcome(event, run, see), *of_standing(run, see)]
        case e.Began(step=step), Run(command="deploy" | "rollback" | "drill") as run if _changes(run, step):
            return [(release_of(run), Supplant(run.id))]
        case e.Ended(), Run(command="onboard") as run:
            return _onboarding_ended(run, see(release_of(run)))
        case e.Ended(), Run() as run:
            return of_end(catalogue, run, see(release_of(run)), see)
        case Acknowledged(by=by), Finding(incident=incident) if incident:
            return [(f"incident/{incident}", TakeOn(by))]
        case _, Incident() as incident:
            return concerns.asked_by(event, incident, see)
        case _, Release() as release:
            return _of_release(event, release, see)
        case _:
            return []


def _of_outcome(event: object, run: Run, see: See) -> Asked:
    match event:
        case e.Recorded(step=step, outcome=Done(evidence=evidence)):
            return [*_recorded(run, evidence), *_brought(run, step, see)]
        case _:
            return []


def _brought(run: Run, step: str, see: See) -> Asked:
    """A rollback records nothing: that it took the place away from the record, or back to it, is told at once."""
    if run.command != "rollback" or run.target is None or not _changes(run, step):
        return []
    good: KnownGood | None = see(release_of(run)).known_good
    if good is None:
        return []
    if good.commit == run.target.commit:
        return [(release_of(run), CatchUp(Lag.RUNS, f"{run.id} brought {good.version} back, as it is recorded."))]
    return [(release_of(run), FallBehind(Lag.RUNS, f"{run.id}.{OUTDATED}", gone_back(run, good)))]


def _of_release(event: object, release: Release, see: See) -> Asked:
    """A record that is outdated is a finding until it is not; what is adopted is left by nobody any more."""
    match event:
        case FellBehind(lag=lag, finding=finding, what=what):
            place, offers = (release.service, release.environment), lag is Lag.RUNS and release.known_good is not None
            return [(f"finding/{finding}", Raise(OUTDATED, what, "", *place, offers_rollback=offers))]
        case CaughtUp(finding=finding, how=how) | Cleared(finding=finding, how=how):
            return [(f"finding/{finding}", Mend(how))]
        case Unlocked(by=by, reason=reason, run=name) if name:
            return [(f"run/{name}", EndHold(by, reason))]
        case Locked(by=by, run=successor, replaces=name) if name:
            return [(f"run/{name}", EndHold(by, successor=successor))]
        case Dropped(run=name, why=why) if why:
            return [(f"run/{name}", Note(why, supplanted=True))]
        case Adopted(known_good=good):
            runs = {run.id: run for run in runs_left(release, see)}.values()
            found = [(run, finding_of(run, list(runs_behind(run, see)))) for run in runs]
            how = f"What stands there was adopted as the last known good: {good.version}."
            return [(finding_stream(run, name), Mend(how)) for run, name in found if name]
        case _:
            return []


def _changes(run: Run, step: str) -> bool:
    return run.plan is not None and run.plan.step(step).changes


def _of_tenant(run: Run, step: str) -> bool:
    return run.plan is not None and run.plan.step(step).uses in ("tenant.gate", "tenant.go-live")


def _of_onboarding(run: Run, step: str, outcome: Done | Failed, release: Release) -> Asked:
    """What came of a gate is kept with the tenant; so is its going live, which must be on the release that runs."""
    assert run.plan is not None  # noqa: S101  # a step of it was recorded
    params, commit, version = run.plan.step(step).params, run.plan.commit, run.version
    tenant = stream_of(run.service, run.environment, params["tenant"])
    match params.get("gate"), outcome:
        case None, Done():
            running = release.known_good.commit if release.known_good and not release.astray else ""
            approved_by = tuple(approval.by for approval in run.agreed)
            return [(tenant, GoLive(commit, version, run.id, running=running, approved_by=approved_by))]
        case str(gate), Done():
            return [(tenant, Pass(Gate(gate), commit, version, run.id))]
        case str(gate), Failed(reason=reason):
            return [(tenant, Fail(Gate(gate), commit, version, run.id, reason))]
        case _:
            return []


def _onboarding_ended(run: Run, release: Release) -> Asked:
    """A gate that failed is a finding, and whatever else the document says; no release follows from its end."""
    if run.status is not Status.FAILED or not run.finding:
        return []
    return [(finding_stream(run, run.finding), raised_by(run, run.finding, release, [], None))]


def _recorded(run: Run, evidence: dict[str, Any]) -> Asked:
    """A recorded candidate is staged; what a take-over found is told to the runs it stopped."""
    asked: Asked = []
    if found := evidence.get("known_good"):
        candidate = TypeAdapter(KnownGood).validate_python(found)
        asked.append((release_of(run), Stage(candidate)))
    if fit := evidence.get(FIT):
        asked.append((release_of(run), Learn(TypeAdapter(SchemaFit).validate_python(fit))))
    if name := evidence.get(RECORD):
        asked.append((f"incident/{name}", concerns.record(run)))
    asked += [(f"run/{other}", Note(evidence[other])) for other in run.supersedes if evidence.get(other)]
    return asked
