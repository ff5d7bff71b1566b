"""What an event of one room asks of others: a failed deploy raises a finding and goes back. Pure.

The only place where the rooms meet.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from runbooks import concerns
from runbooks.accounts import gone_back, of_failure, of_giving_up
from runbooks.automatic_rollback import answer, rollback_id
from runbooks.catalogue import Catalogue
from runbooks.concerns import belongs_to, concern, ended, incident_with
from runbooks.gates import Gate, stream_of
from runbooks.incidents.findings import Acknowledged, Finding, Mend, Raise
from runbooks.incidents.findings import EndWayBack as EndFindingsWayBack
from runbooks.incidents.handling import TakeOn
from runbooks.incidents.incident import Incident
from runbooks.releases.decide import Drop, HoldUp, Leave, Promote, Settle, Stage, Supplant
from runbooks.releases.events import Adopted, CaughtUp, Cleared, Dropped, FellBehind
from runbooks.releases.lag import Lag
from runbooks.releases.record import CatchUp, FallBehind
from runbooks.releases.state import Release
from runbooks.rollback_outcome import WayBack
from runbooks.runs import events as e
from runbooks.runs.commands import EndWayBack as EndRunsWayBack
from runbooks.runs.commands import Note, Request
from runbooks.runs.state import Run, Status
from runbooks.steps.incident_record import RECORD
from runbooks.tenants.decide import Fail, GoLive, Pass
from runbooks.vocabulary import Done, Failed, KnownGood

Asked = list[tuple[str, Any]]
OUTDATED = "lkg-outdated"
"""The row of the escalation table for a record that is not what runs, or does not stand where it should."""
See = Callable[[str], Any]
"""The state of another stream, as it stands in the same commit."""


def release_of(run: Run) -> str:
    """The stream of the release that a run concerns."""
    return f"release/{run.service}/{run.environment}"


def looks_at(state: object) -> list[str]:
    """The streams that the reactions to an event of this state look at, beside its own."""
    match state:
        case Run() as run if run.service:
            return [release_of(run), incident_with(run), *_behind_it(run)]
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
    back = [concerns.rollback_of(state)] if state.run or state.findings else []
    return [*(f"finding/{finding}" for finding in state.findings), *dict.fromkeys([*runs, *back])]


def react(catalogue: Catalogue, event: object, state: object, see: See) -> Asked:
    """The commands that follow from an event, each with the stream it goes to."""
    return [*_asked(catalogue, event, state, see), *concerns.follows(event, state)]


def _asked(catalogue: Catalogue, event: object, state: object, see: See) -> Asked:
    match event, state:
        case e.Recorded(step=step, outcome=Done() | Failed() as outcome), Run() as run if _of_tenant(run, step):
            return _of_onboarding(run, step, outcome, see(release_of(run)))
        case e.Recorded(step=step, outcome=Done(evidence=evidence)), Run() as run:
            return [*_recorded(run, evidence), *_brought(run, step, see), *_back_but_for_lines(run, see)]
        case e.Began(step=step), Run(command="deploy" | "rollback") as run if _changes(run, step):
            return [(release_of(run), Supplant(run.id))]
        case e.Ended(), Run(command="onboard") as run:
            return _onboarding_ended(run, see(release_of(run)))
        case e.Ended(), Run() as run:
            return _ended(catalogue, run, see(release_of(run)), see)
        case Acknowledged(by=by), Finding(incident=incident) if incident:
            return [(f"incident/{incident}", TakeOn(by))]
        case _, Incident() as incident:
            return concerns.asked_by(event, incident, see)
        case _, Release() as release:
            return _of_release(event, release, see)
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
        case Dropped(run=name, why=why) if why:
            return [(f"run/{name}", Note(why, supplanted=True))]
        case Adopted(known_good=good):
            runs = {run.id: run for run in _left(release, see)}.values()
            found = [(run, _finding(run, list(_behind(run, see)))) for run in runs]
            how = f"What stands there was adopted as the last known good: {good.version}."
            return [(_stream(run, name), Mend(how)) for run, name in found if name]
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
            approved_by = tuple(approval.by for approval in run.approvals)
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
    return [(_stream(run, run.finding), _raise(run, run.finding, release, [], None))]


def _recorded(run: Run, evidence: dict[str, Any]) -> Asked:
    """A recorded candidate is staged; what a take-over found is told to the runs it stopped."""
    asked: Asked = []
    if found := evidence.get("known_good"):
        candidate = TypeAdapter(KnownGood).validate_python(found)
        asked.append((release_of(run), Stage(candidate)))
    if name := evidence.get(RECORD):
        asked.append((f"incident/{name}", concerns.record(run)))
    asked += [(f"run/{other}", Note(evidence[other])) for other in run.supersedes if evidence.get(other)]
    return asked


def _back_but_for_lines(run: Run, see: See) -> Asked:
    """Whoever waits for a rollback is told when it stands, not when people have done its last lines."""
    lines = [step.uses == "confirm" for step in run.unfinished]
    if run.command != "rollback" or not run.carried_out or not lines or not all(lines):
        return []
    return _told(run, [*_behind(run, see), *_left(see(release_of(run)), see)], see)


def _ended(catalogue: Catalogue, run: Run, release: Release, see: See) -> Asked:
    behind, left = list(_behind(run, see)), list(_left(release, see))
    asked: Asked = [(release_of(run), (Promote if run.status is Status.SUCCEEDED else Drop)(run.id))]
    back = answer(catalogue, run, release, left)
    if name := _finding(run, behind):
        raised = _raise(run, name, release, behind, back)
        incident = belongs_to(run, name, [*behind, *left], see)
        asked.append((_stream(run, name), replace(raised, incident=incident)))
        if incident:
            asked.append((f"incident/{incident}", concern(run, _stream(run, name), raised)))
        if raised.offers_rollback or run.command == "rollback":
            asked.append((release_of(run), Leave(run.id)))
        elif name != OUTDATED and not back:
            asked.append((release_of(run), HoldUp(f"{run.id}.{name}")))
        if name == OUTDATED:
            asked += _outdated(run)
    if not _outdone(run, release):
        asked += _told(run, [*behind, *left], see)
    return [*asked, *([(f"run/{rollback_id(run)}", back)] if back else [])]


def _outdone(run: Run, release: Release) -> bool:
    """Something else changed the place since the run had: its end is the end of nothing that others left."""
    staged = any("known_good" in evidence for evidence in run.evidence.values())
    return staged and (release.candidate is None or release.candidate.run != run.id)


def _outdated(run: Run) -> Asked:
    """The run's finding stands for the record's being outdated, in place of any that said so before."""
    before, now = CatchUp(Lag.RUNS, f"{run.id} tells it anew."), FallBehind(Lag.RUNS, f"{run.id}.{OUTDATED}")
    return [(release_of(run), before), (release_of(run), now)]


def _left(release: Release, see: See) -> Iterator[Run]:
    """The runs whose changes stand here with nothing to take them back, and those behind them."""
    for name in release.left:
        yield (other := see(f"run/{name}"))
        yield from _behind(other, see)


def _behind(run: Run, see: See) -> Iterator[Run]:
    """The runs that wait for what this rollback comes to: the failed one, those it stopped, those behind them.

    One of another place is not among them: what it changed is not taken back here.
    """
    for stream in _behind_it(run):
        if release_of(other := see(stream)) == release_of(run):
            yield other
            yield from _behind(other, see)


def _behind_it(run: Run) -> list[str]:
    return [f"run/{other}" for other in (run.because, *run.supersedes) if other]


def _told(run: Run, waiting: list[Run], see: See) -> Asked:
    """Whoever waits for a rollback is told its end: no card goes on promising what will not come."""
    kept = concerns.kept_for(run, see)
    if not (waiting or kept) or (run.command != "rollback" and run.status is not Status.SUCCEEDED):
        return []
    back = run.status is Status.RUNNING  # but for lines of people
    way_back = WayBack(
        run=run.id,
        version=run.version,
        status=Status.SUCCEEDED if back else run.status,
        stands=back or run.status is Status.SUCCEEDED or (run.status is Status.ABORTED and run.carried_out),
        by=run.ended_by,
        at=run.moved_at if back else run.ended_at,
        changed=run.changed,
        command=run.command,
        successor=run.successor,
    )
    asked: Asked = [(release_of(run), Settle(run.id))] if way_back.stands else []
    for other in {each.id: each for each in waiting}.values():
        asked.append((f"run/{other.id}", EndRunsWayBack(way_back)))
        if name := _finding(other, list(_behind(other, see))):
            asked.append((_stream(other, name), EndFindingsWayBack(way_back)))
    return [*asked, *ended([*waiting, *kept], way_back, see)]


def _stream(run: Run, name: str) -> str:
    return f"finding/{run.id}.{name}"


def _finding(run: Run, behind: list[Run]) -> str:
    """What is wrong now that the run has ended so; "" where nothing is."""
    if run.status.given_up:
        return _given_up(run, behind)
    if run.status is not Status.FAILED:
        return ""
    if run.command == "rollback":
        return "rollback-failed" if run.changed or not run.planned else ""
    return run.finding or ("deploy-failed" if run.roll_back else "")


def _given_up(run: Run, behind: list[Run]) -> str:
    """People ended it: the environment stands as the run left it, or as those did that it was to take back."""
    if run.command != "rollback":
        replaced = run.supplanted and run.carried_out  # whatever did so tells what became of it
        return "deploy-aborted" if run.changed and not replaced else ""
    if run.carried_out or not any(each.changed for each in (run, *behind)):
        return ""
    return "rollback-aborted" if run.status is Status.ABORTED else "rollback-not-approved"


def _raise(run: Run, name: str, release: Release, behind: list[Run], back: Request | None) -> Raise:
    asks_people = run.status.given_up or (run.roll_back and back is None and run.command != "rollback")
    told = of_giving_up(run, release, behind) if run.status.given_up else of_failure(run, release)
    return Raise(
        name=name,
        what=tuple(told),
        run=run.id,
        service=run.service,
        environment=run.environment,
        rolls_back=rollback_id(run) if back else "",
        offers_rollback=asks_people,
    )
