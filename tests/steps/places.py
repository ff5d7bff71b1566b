"""Sites and turns for tests of single steps: a small catalogue entry, and one planned step of it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runbooks.catalogue import Environment, Service
from runbooks.steps.base import Site, Step, Turn
from runbooks.vocabulary import Actor, Json, Outcome, Pending, PlannedStep

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def site(*, environment: Json | None = None, service: Json | None = None, **fields: Any) -> Site:
    """D-107 deploys solvereign-api v42 to production; `environment` and `service` add to the catalogue entry."""
    place = {
        "cluster": "main",
        "namespace": "solvereign-production",
        "production": True,
        "channels": {"deploys": "C01DEPLOYS"},
        "approval": {"group": "sre"},
    }
    entry = {
        "image": "registry.example/solvereign-api",
        "source": {"repository": "/srv/solvereign-api.git"},
        "workloads": [{"deployment": "solvereign-api", "containers": ["api"]}],
        "default-environment": "production",
        "environments": {"production": place | (environment or {})},
    }
    found = Service.model_validate(entry | (service or {}))
    there: Environment = found.environments["production"]
    made = Site(
        run="D-107",
        service_name="solvereign-api",
        service=found,
        environment_name="production",
        environment=there,
        requester=Actor("T01/U01REQUESTER"),
        version="v42",
        commit="a8005c2" + "0" * 33,
    )
    return replace(made, **fields)


async def turn(
    step: Step, params: Json, place: Site, *, report: Callable[[str], Awaitable[None]] | None = None
) -> Turn:
    """The step, planned with these parameters of the document, at its first turn."""
    resolved = await step.resolve(step.params.model_validate(params), place)
    planned = PlannedStep(
        id="the-step",
        title="The step",
        phase="Deploy",
        uses=step.uses,
        params=resolved.params,
        shows=resolved.shows,
        changes=step.changes if resolved.changes is None else resolved.changes,
        cut=resolved.cut or step.cut,
        runs=resolved.runs,
        takes=resolved.takes,
    )
    first = Turn(site=place, step=planned, epoch=7, began_at=NOW, now=NOW, by=place.requester)
    return first if report is None else replace(first, report=report)


def later(at: Turn, seconds: float) -> Turn:
    """The same attempt, `seconds` after the present one."""
    return replace(at, now=at.now + timedelta(seconds=seconds))


async def through(step: Step, at: Turn) -> list[Outcome]:
    """Start it and look again whenever it wants to be looked at: all that it answers, to its end."""
    answered = [await step.start(at)]
    while isinstance(last := answered[-1], Pending):
        at = replace(at, now=last.check_at)
        answered.append(await step.check(at, last.token))
    return answered
