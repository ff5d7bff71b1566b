"""The clock of a rollback: from its request to healthy, its parts, and what of it was waiting for people."""

from datetime import timedelta

from runbooks.durations import WAY_BACK
from runbooks.runs import commands as c
from runbooks.runs.clock import ends, parts, total, waited_for_approval
from runbooks.vocabulary import Choice, Done, Means, Waiting
from tests.runs.stories import ALEX, SRE, TEN, Story, plan, step

STEPS = (
    step("take-over", "take-over"),
    step("revert", "kubernetes.restore", changes=True),
    step("health", "http.health"),
    step("schema", "migrations.rollback"),
    step("lessons", "confirm"),
)
ASKED = Waiting("a decision", (Choice("leave", "Leave"), Choice("run", "Run", Means.AGAIN)))


def seconds(**span: float) -> timedelta:
    return timedelta(**span)


def back(story: Story) -> Story:
    """Up to its last health check: 2 s, then 30 s, then 11 s."""
    for name, took in (("take-over", 2), ("revert", 30), ("health", 11)):
        story.begun(name).after(seconds=took).does(c.Record(name, 1, Done()))
    return story


def asked() -> Story:
    return Story().requested(command="rollback", quorum=None).planned(*STEPS, quorum=False)


def test_it_is_measured_from_the_request_to_the_end_of_the_health_checks() -> None:
    story = asked()
    assert (total(story.run), ends(story.run)) == (None, TEN + WAY_BACK)
    back(story)
    assert total(story.run) == seconds(seconds=43)
    story.after(hours=1).done("schema").ticked("lessons")
    assert total(story.run) == seconds(seconds=43)


def test_nothing_is_taken_off_it() -> None:
    """Between its steps a process may have been away."""
    story = asked().after(seconds=20)
    assert total(back(story).run) == seconds(seconds=63)


def test_before_the_whole_is_planned_nothing_is_known() -> None:
    story = Story().requested(command="rollback", quorum=None)
    story.does(c.Adopt(plan(STEPS[0], quorum=False), provisional=True))
    assert total(story.run) is None


def test_each_part_has_its_own_time_and_lines_of_people_are_none() -> None:
    story = back(asked())
    story.begun("schema").after(seconds=4).does(c.Record("schema", 1, Done()))
    story.after(hours=1).ticked("lessons")
    assert [(part.step.id, part.worked.seconds, part.waited.seconds) for part in parts(story.run)] == [
        ("take-over", 2, 0),
        ("revert", 30, 0),
        ("health", 11, 0),
        ("schema", 4, 0),
    ]


def test_waiting_for_a_person_is_told_apart_however_often_they_are_asked() -> None:
    story = back(asked())
    story.begun("schema").after(seconds=1).does(c.Record("schema", 1, ASKED))
    story.after(seconds=90).does(c.Answer(ALEX, "schema", "run", SRE, SRE))
    story.epoch = 2
    story.begun("schema").after(seconds=3).does(c.Record("schema", 2, ASKED))
    story.after(seconds=60).does(c.Answer(ALEX, "schema", "leave", SRE, SRE))
    *_, part = parts(story.run)
    assert (part.worked, part.waited, part.waited_for) == (seconds(seconds=4), seconds(seconds=150), ALEX)


def test_an_older_release_waits_for_its_approval_too() -> None:
    story = Story().requested(command="rollback").planned(*STEPS)
    story.begun("take-over").after(seconds=2).does(c.Record("take-over", 1, Done()))
    assert waited_for_approval(story.run) is None
    story.after(seconds=70).approved()
    assert waited_for_approval(story.run) == seconds(seconds=70)
    for name in ("revert", "health"):
        story.begun(name).after(seconds=5).does(c.Record(name, 1, Done()))
    assert total(story.run) == seconds(seconds=82)
    assert waited_for_approval(story.run) == seconds(seconds=70)
