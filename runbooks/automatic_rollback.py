"""The rollback that answers a failed deploy by itself. Pure."""

from runbooks.catalogue import Catalogue, OnFailure
from runbooks.releases.state import Release
from runbooks.runs.commands import Request
from runbooks.runs.state import Run


def rollback_id(run: Run) -> str:
    """The name of the rollback that answers a run: the same number, the other letter."""
    return "R-" + run.id.partition("-")[2]


def answer(catalogue: Catalogue, run: Run, release: Release) -> Request | None:
    """What is asked for once the deploy has failed; None where people are asked, or nothing is to be taken back."""
    service = catalogue.services.get(run.service)
    environment = service.environments.get(run.environment) if service else None
    automatic = environment is not None and environment.on_failure is OnFailure.ROLLBACK
    if service is None or not automatic or not run.roll_back or run.command == "rollback" or not release.known_good:
        return None
    return Request(
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
