"""The rollback that answers a failed deploy by itself. Pure."""

from collections.abc import Iterable

from runbooks.catalogue import Catalogue, OnFailure
from runbooks.releases.state import Release
from runbooks.runs.commands import Request
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run, left_unended
from runbooks.vocabulary import OPSBOT


def rollback_id(run: Run) -> str:
    """The name of the rollback that answers a run: the same number, the other letter."""
    return "R-" + run.id.partition("-")[2]


def ran_before(run: Run, release: Release) -> tuple[str, ...]:
    """What ran before the deploy, where that is not the last known good; () where it is, or is not known.

    The last known good is then the version that people had left, so it is theirs to say where to go back to.
    """
    good, runs = release.known_good, run.plan.runs if run.plan else ()
    return runs if good and run.command == "deploy" and runs != (good.version,) else ()


def answer(catalogue: Catalogue, run: Run, release: Release, left: Iterable[Run]) -> Request | None:
    """What is asked for once the deploy has failed; None where people are asked, or nothing is to be taken back.

    `left`: the runs whose changes nothing took back so far.
    """
    service = catalogue.services.get(run.service)
    environment = service.environments.get(run.environment) if service else None
    automatic = environment is not None and environment.on_failure is OnFailure.ROLLBACK
    if service is None or not automatic or not run.roll_back or run.command == "rollback" or not release.known_good:
        return None
    if ran_before(run, release):
        return None
    target = run.target if run.command == DRILL and run.target else release.known_good
    return Request(
        by=OPSBOT,
        concerns=run.requester,
        command="rollback",
        runbook=service.runbooks.rollback,
        service=run.service,
        environment=run.environment,
        version=target.version,
        targets=frozenset(run.targets),
        quorum=None,
        approval_seconds=run.approval_seconds,
        target=target,
        supersedes=left_unended(left),
        because=run.id,
        seen=run.overwrites,
    )
