"""A rollback that took longer than five minutes: an S3 finding that names the slowest part and what to look at."""

from dataclasses import replace

import pytest

from runbooks.documents.parse import parse
from runbooks.incidents.escalations import escalation
from runbooks.incidents.findings import Raise
from runbooks.runs import commands as c
from runbooks.slow import SLOW, follows, look_at
from runbooks.steps.base import Step, Turn
from runbooks.vocabulary import Done, Outcome, Severity
from tests.engine.world import BACK, World
from tests.runs.stories import Story, step

STEPS = (
    step("take-over", "take-over"),
    step("revert", "kubernetes.restore", changes=True),
    step("health", "http.health"),
    step("lessons", "confirm"),
)


def back(*seconds: int, quorum: bool = False) -> Story:
    """A rollback whose take-over, restore and health take so long."""
    story = Story().requested(command="rollback", **({} if quorum else {"quorum": None}))
    story.planned(*STEPS, quorum=quorum)
    for name, took in zip(("take-over", "revert", "health"), seconds, strict=True):
        story.begun(name).after(seconds=took).does(c.Record(name, 1, Done()))
        if quorum and name == "take-over":
            story.after(minutes=6).approved()
    return story


def raised(story: Story) -> list[tuple[str, ...]]:
    """What is raised at each event of the story, as it stands at the end."""
    found = [told for event in story.events for _, told in follows(event, story.run)]
    assert all(isinstance(each, Raise) for each in found)
    return [each.what for each in found]


@pytest.mark.parametrize(
    ("seconds", "slowest", "advice"),
    [
        ((2, 290, 11), "“Revert” took longest: 4 m 50 s.", "maxSurge"),
        ((2, 60, 300), "“Health” took longest: 5 m.", "`health:` in the catalogue"),
        ((299, 60, 11), "“Take-over” took longest: 4 m 59 s.", "the run that was stopped"),
    ],
)
def test_it_names_the_slowest_part_and_what_to_look_at(
    seconds: tuple[int, int, int], slowest: str, advice: str
) -> None:
    [(first, second, third)] = raised(back(*seconds))
    assert first.startswith("D-1 took production back to v42 in ")
    assert second == slowest
    assert advice in third


def test_five_minutes_are_not_too_long() -> None:
    assert raised(back(2, 287, 11)) == []


def test_waiting_for_approval_is_told_as_that() -> None:
    [(_, second)] = raised(back(1, 40, 11, quorum=True))
    assert second == "6 m of it was waiting for people: for approval."


def test_time_in_which_nobody_was_at_work_is_told_as_that() -> None:
    story = Story().requested(command="rollback", quorum=None).planned(*STEPS, quorum=False).after(minutes=7)
    for name in ("take-over", "revert", "health"):
        story.begun(name).after(seconds=5).does(c.Record(name, 1, Done()))
    [(_, second)] = raised(story)
    assert second.startswith("7 m of it lay between its steps")


def test_a_planned_rollback_has_no_clock() -> None:
    story = back(2, 400, 11)
    planned = replace(story.run, runbook="rollback-procedures/planned")
    assert (story.run.emergency, planned.emergency) == (True, False)
    assert [told for event in story.events for told in follows(event, planned)] == []


def test_each_part_of_a_way_back_has_its_advice() -> None:
    assert all(look_at(uses) for uses in ("take-over", "kubernetes.restore", "http.health", "migrations.rollback"))
    assert look_at("confirm") == ""


class Health(Step):
    """It is well."""

    uses = "http.health"

    async def start(self, turn: Turn) -> Outcome:
        return Done("well")


async def test_the_finding_is_raised_in_the_commit_of_healthy(world: World) -> None:
    world.steps["http.health"] = Health()
    world.use(world.store)
    known = {uses: kind.params for uses, kind in world.steps.items()}
    health = "- [ ] Turn the knob back\n  ```step\n  id: health\n  uses: http.health\n  ```\n\n## Planned"
    text = BACK.replace("## Planned", f"{health.replace('Turn the knob back', 'Look at its health')}", 1)
    world.shelf.documents["back"] = parse(text, path="back.md", known=known)
    await world.adopted("v1")
    run = str((await world.rolls_back()).facts["run"])
    world.outside.turning = True
    await world.works()
    world.later(minutes=6)
    world.outside.turning = False
    await world.works()
    stream = f"finding/{run}.{SLOW}"
    found = (await world.store.read([stream])).streams[stream].state
    assert (found.severity, found.title, found.run) == (Severity.S3, escalation(SLOW).title, run)
    assert found.what[0] == f"{run} took production back to v1 in 6 m; it may take 5 minutes."
    assert found.what[1] == "“Turn the knob back” took longest: 6 m."
