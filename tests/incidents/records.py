"""A rollback's document with its lines about incidents, for the engine's small world; what people do with them."""

from datetime import date

from runbooks.documents.parse import parse
from runbooks.engine import asks
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident, Lessons
from runbooks.steps.base import Step
from runbooks.steps.incident_lessons import IncidentLessons
from runbooks.steps.incident_record import IncidentRecord
from tests.engine.world import ALEX, SAM, World

LEARNED = Lessons("It broke.", "The rollback.", "A test.", ALEX, date(2026, 12, 1))
BACK = """---
id: back
title: Back
severity: S2
modes: {emergency: Back at once, planned: Planned}
severities: {planned: S3}
---

# Back

## Back at once

- [ ] Turn the knob back
  ```step
  id: unknob
  uses: knob
  ```
- [ ] Learned
  ```step
  id: learned
  uses: incident.lessons
  ```

## Planned

### Before

- [ ] Told them
- [ ] Create incident record
  ```step
  id: record
  uses: incident.record
  ```

### Slowly

- [ ] Turn the knob back slowly
  ```step
  id: slowly
  uses: knob
  on-failure: {finding: rollback-failed, then: stop}
  ```

### Afterwards

- [ ] Learned later
  ```step
  id: learned-later
  uses: incident.lessons
  ```
"""


def with_records(world: World, record: Step | None = None) -> World:
    """The world, its rollbacks with a record."""
    for step in (record or IncidentRecord(), IncidentLessons()):
        world.steps[step.uses] = step
    world.use(world.store)
    known = {uses: step.params for uses, step in world.steps.items()}
    world.shelf.documents["back"] = parse(BACK, path="back.md", known=known)
    return world


async def incident(world: World, name: str) -> Incident:
    found: Incident = (await world.store.read([f"incident/{name}"])).streams[f"incident/{name}"].state
    return found


async def finding(world: World, name: str) -> Finding:
    found: Finding = (await world.store.read([f"finding/{name}"])).streams[f"finding/{name}"].state
    return found


async def recorded(world: World) -> str:
    """A planned rollback to v1, its first lines done: it waits for its approval. The run."""
    await world.adopted("v1")
    world.outside.knob = "v2"
    run = str((await world.hears(asks.PlanRollBack("api"), ALEX)).facts["run"])
    await world.works()
    assert (await world.hears(asks.Answer(run, "told-them", "done"), SAM)).did == "answered"
    await world.works()
    return run
