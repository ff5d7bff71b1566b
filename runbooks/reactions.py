"""What an event of one room asks of others: a failed deploy raises a finding and goes back. Pure.

The only place where the rooms meet.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import TypeAdapter

from runbooks.catalogue import Catalogue, OnFailure
from runbooks.incidents.findings import Raise
from runbooks.releases.decide import Drop, Promote, Stage
from runbooks.releases.state import Release
from runbooks.runs import events as e
from runbooks.runs.commands import Note, Request
from runbooks.runs.state import Run, Status
from runbooks.vocabulary import Done, KnownGood

Asked = list[tuple[str, Any]]
See = Callable[[str], Any]
"""The state of another stream, as it stands in the same commit."""


def release_of(run: Run) -> str:
    """The stream of the release that a run concerns."""
    return f"release/{run.service}/{run.environment}"


def react(catalogue: Catalogue, event: object, state: object, see: See) -> Asked:
    """The commands that follow from an event, each with the stream it goes to."""
    match event, state:
        case e.Recorded(outcome=Done(evidence=evidence)), Run() as run:
            return _recorded(run, evidence)
        case e.Ended(), Run() as run:
            return _ended(catalogue, run, see(release_of(run)))
        case _:
            return []


def _recorded(run: Run, evidence: dict[str, Any]) -> Asked:
    """A recorded candidate is staged; what a take-over found is told to the runs it stopped."""
    asked: Asked = []
    if found := evidence.get("known_good"):
        candidate = TypeAdapter(KnownGood).validate_python(found)
        asked.append((release_of(run), Stage(candidate)))
    asked += [(f"run/{other}", Note(evidence[other])) for other in run.supersedes if evidence.get(other)]
    return asked


def _ended(catalogue: Catalogue, run: Run, release: Release) -> Asked:
    if run.status is Status.SUCCEEDED:
        return [(release_of(run), Promote(run.id))]
    asked: Asked = [(release_of(run), Drop(run.id))]
    if run.status is not Status.FAILED:
        return asked
    back = _way_back(catalogue, run, release)
    name = _finding(run)
    if name:
        asked.append((f"finding/{run.id}.{name}", _raise(run, name, release, back)))
    return [*asked, *([(f"run/{back.run_id}", back.request)] if back else [])]


def _finding(run: Run) -> str:
    if run.command == "rollback":
        return "rollback-failed"
    return run.finding or ("deploy-failed" if run.roll_back else "")


class _Back:
    """The rollback that answers a failed run: the same number, the other letter."""

    def __init__(self, *, run_id: str, request: Request) -> None:
        self.run_id = run_id
        self.request = request


def _way_back(catalogue: Catalogue, run: Run, release: Release) -> _Back | None:
    service = catalogue.services.get(run.service)
    environment = service.environments.get(run.environment) if service else None
    automatic = environment is not None and environment.on_failure is OnFailure.ROLLBACK
    if service is None or not automatic or not run.roll_back or run.command == "rollback" or not release.known_good:
        return None
    request = Request(
        by=run.requester,
        command="rollback",
        runbook=service.runbooks.rollback,
        service=run.service,
        environment=run.environment,
        version=release.known_good.version,
        targets=frozenset(run.targets),
        quorum=None,
        approval_seconds=run.approval_seconds,
        target=release.known_good,
        because=run.id,
    )
    return _Back(run_id="R-" + run.id.partition("-")[2], request=request)


def _raise(run: Run, name: str, release: Release, back: _Back | None) -> Raise:
    return Raise(
        name=name,
        what=tuple(_what(run, release)),
        run=run.id,
        service=run.service,
        environment=run.environment,
        rolls_back=back.run_id if back else "",
        offers_rollback=run.roll_back and back is None and run.command != "rollback",
    )


def _what(run: Run, release: Release) -> Iterator[str]:
    """Lines: what happened, the pod that shows it, what it means for the schema."""
    yield run.reason if run.changed or run.command == "rollback" else f"{run.reason} Nothing was changed."
    found = run.evidence.get(run.failed_step, {})
    if pod := found.get("pod"):
        code, lines = found.get("exit_code"), found.get("last_lines") or [""]
        how = [f"exit {code}"] if code is not None else []
        yield " · ".join([pod, *how, *([f"“{lines[-1]}”"] if lines[-1] else [])])
    if applied := [name for evidence in run.evidence.values() for name in evidence.get("applied") or ()]:
        are = f"Migration {applied[0]} is" if len(applied) == 1 else f"{len(applied)} migrations are"
        to = release.known_good.version if release.known_good else "an older version"
        yield f"{are} applied; it is not known whether {to} runs on {'it' if len(applied) == 1 else 'them'}."
