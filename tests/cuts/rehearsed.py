"""The steps that work on a rehearsal server, cut off on a real one: nothing of theirs is left there."""

from typing import Any

from runbooks.steps.base import Step
from runbooks.steps.migrations.rehearse import MigrationsRehearse
from tests.cuts.places import REHEARSAL, Places
from tests.cuts.playing import Effects, Scenario
from tests.cuts.readable import JobBoard
from tests.cuts.seam import Seam
from tests.fixtures.schemas import SHIFTS, TENANTS


async def _with_a_server(places: Places) -> dict[str, Any]:
    """A release that brings a migration, and a place to rehearse it."""
    await places.schema.applied(TENANTS, epoch=0)
    place = places.with_schema
    environment = {**place["environment"], "rehearsal": REHEARSAL}
    return {**place, "environment": environment, "commit": places.schema.release(TENANTS, SHIFTS)}


async def rehearsed_on_a_server(places: Places) -> Scenario:
    def steps(seam: Seam) -> list[Step]:
        return [MigrationsRehearse(places.planner(seam), places.rehearsals, lambda: places.world.now)]

    return Scenario(steps, effects=places.left, **await _with_a_server(places))


async def tried_on_a_server(places: Places) -> Scenario:
    """A process that comes after the Job was made looks at it, and takes back what the first one lent."""
    await places.world.adopted("v1")
    jobs, place = JobBoard(), await _with_a_server(places)
    command = {"run": ["try"], "runner": "job", "env": {"DATABASE_URL": "${database}"}}
    place["service"] = {**place["service"], "commands": {"compatibility": command}}

    async def effects() -> Effects:
        return {**await jobs.marks(), **await places.left()}

    return Scenario(lambda seam: [places.old_release(seam, jobs)], effects=effects, once={"marks": 1}, **place)
