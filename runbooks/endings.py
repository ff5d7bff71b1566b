"""What a run's end asks of others: its finding, an incident, the way back, word to whoever waits for it. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from runbooks import concerns
from runbooks.accounts import of_failure, of_giving_up, suspects
from runbooks.automatic_rollback import answer, rollback_id
from runbooks.catalogue import Catalogue
from runbooks.incidents.findings import EndWayBack as EndFindingsWayBack
from runbooks.incidents.findings import Raise
from runbooks.promotion import promote
from runbooks.releases.decide import Drop, Leave, Settle
from runbooks.releases.held_up import Clear, HoldUp
from runbooks.releases.holding import EndRollback
from runbooks.releases.lag import Lag
from runbooks.releases.record import CatchUp, FallBehind
from runbooks.releases.state import Release
from runbooks.rollback_outcome import WayBack
from runbooks.runs.commands import EndWayBack as EndRunsWayBack
from runbooks.runs.commands import Request
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run, Status

Asked = list[tuple[str, Any]]
OUTDATED = "lkg-outdated"
"""The row of the escalation table for a record that is not what runs, or does not stand where it should."""
See = Callable[[str], Any]
"""The state of another stream, as it stands in the same commit."""


def release_of(run: Run) -> str:
    """The stream of the release that a run concerns."""
    return f"release/{run.service}/{run.environment}"


def of_standing(run: Run, see: See) -> Asked:
    """Whoever waits for a rollback is told when it stands, not when people have done its last lines."""
    if run.command != "rollback" or run.status is not Status.RUNNING or not run.stands:
        return []
    told = _told(run, [*runs_behind(run, see), *runs_left(see(release_of(run)), see)], see)
    return [*told, *after_rollback(run, see)]


def after_rollback(run: Run, see: See) -> Asked:
    """What stands after a rollback is kept; after one in an emergency deploys are held, whether it did well or not.

    After a planned one they are not: its people were told of it and approved it, and nothing is left to be understood
    before the next deploy. Nor where people gave it up midway: they decide what comes next. Nor after a drill, which
    was no emergency, nor after the rollback that began by itself since a drill failed.
    """
    if run.command == DRILL and run.status is Status.SUCCEEDED and run.target:
        return [(release_of(run), EndRollback(run.id, "", run.target.version, run.target.commit))]
    failed = run.status is Status.FAILED and (run.changed or not run.planned)
    if run.command != "rollback" or not (run.stands or failed):
        return []
    to = f"{run.environment} back to {run.version}"
    reason = f"{run.id}, which was to take {to}, failed" if failed else f"{run.id} took {to}"
    what = (run.version, run.target.commit) if run.stands and run.target else ("", "")
    of_drill = bool(run.because) and see(f"run/{run.because}").command == DRILL
    return [(release_of(run), EndRollback(run.id, reason if run.emergency and not of_drill else "", *what))]


def of_end(catalogue: Catalogue, run: Run, release: Release, see: See) -> Asked:
    """What follows from the end of any run but an onboarding's."""
    behind, left = list(runs_behind(run, see)), list(runs_left(release, see))
    asked: Asked = [(release_of(run), promote(run) if run.status is Status.SUCCEEDED else Drop(run.id))]
    if (since := _unrecorded(run)) is not None:
        asked.append((release_of(run), Clear(run.id, run.version, run.runbook, since)))
    back = answer(catalogue, run, release, left)
    if name := finding_of(run, behind):
        raised = raised_by(run, name, release, behind, back)
        incident = concerns.belongs_to(run, name, [*behind, *left], see)
        told = replace(raised, incident=incident, suspects=suspects(run, catalogue))
        asked.append((finding_stream(run, name), told))
        if incident:
            asked.append((f"incident/{incident}", concerns.concern(run, finding_stream(run, name), raised)))
        if raised.offers_rollback or run.command == "rollback":
            asked.append((release_of(run), Leave(run.id)))
        elif name != OUTDATED and not back:
            asked.append((release_of(run), HoldUp(f"{run.id}.{name}", run.runbook)))
        if name == OUTDATED:
            asked += _outdated(run)
    if not run.supplanted:  # its end is the end of nothing that others left
        asked += [*_told(run, [*behind, *left], see), *after_rollback(run, see)]
    return [*asked, *([(f"run/{rollback_id(run)}", back)] if back else [])]


def _unrecorded(run: Run) -> datetime | None:
    """Since when a good deploy by a document that records no release changed the place; None of any other run."""
    records = any("known_good" in evidence for evidence in run.evidence.values())
    if run.command not in ("deploy", DRILL) or run.status is not Status.SUCCEEDED or records:
        return None
    return run.changed_at or run.requested_at


def _outdated(run: Run) -> Asked:
    """The run's finding stands for the record's being outdated, in place of any that said so before."""
    before, now = CatchUp(Lag.RUNS, f"{run.id} tells it anew."), FallBehind(Lag.RUNS, f"{run.id}.{OUTDATED}")
    return [(release_of(run), before), (release_of(run), now)]


def runs_left(release: Release, see: See) -> Iterator[Run]:
    """The runs whose changes stand here with nothing to take them back, and those behind them."""
    for name in release.left:
        yield (other := see(f"run/{name}"))
        yield from runs_behind(other, see)


def runs_behind(run: Run, see: See) -> Iterator[Run]:
    """The runs that wait for what this rollback comes to: the failed one, those it stopped, those behind them.

    One of another place is not among them: what it changed is not taken back here.
    """
    for stream in streams_behind(run):
        if release_of(other := see(stream)) == release_of(run):
            yield other
            yield from runs_behind(other, see)


def streams_behind(run: Run) -> list[str]:
    """The streams of the runs that it was to take back, as far as it knows them itself."""
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
        stands=run.stands,
        by=run.ended_by,
        at=run.moved_at if back else run.ended_at,
        changed=run.changed,
        command=run.command,
        successor=run.successor,
    )
    asked: Asked = [(release_of(run), Settle(run.id))] if way_back.stands else []
    for other in {each.id: each for each in waiting}.values():
        asked.append((f"run/{other.id}", EndRunsWayBack(way_back)))
        if name := finding_of(other, list(runs_behind(other, see))):
            asked.append((finding_stream(other, name), EndFindingsWayBack(way_back)))
    return [*asked, *concerns.ended([*waiting, *kept], way_back, see)]


def finding_stream(run: Run, name: str) -> str:
    """The stream of a run's finding."""
    return f"finding/{run.id}.{name}"


def finding_of(run: Run, behind: list[Run]) -> str:
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
    if run.command == DRILL:
        return "drill-aborted" if run.changed and not run.carried_out else ""
    if run.command != "rollback":
        replaced = run.supplanted and run.carried_out  # whatever did so tells what became of it
        return "deploy-aborted" if run.changed and not replaced else ""
    if run.carried_out or not any(each.changed for each in (run, *behind)):
        return ""
    return "rollback-aborted" if run.status is Status.ABORTED else "rollback-not-approved"


def raised_by(run: Run, name: str, release: Release, behind: list[Run], back: Request | None) -> Raise:
    """What the finding says, and offers. `back`: the rollback that starts by itself."""
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
