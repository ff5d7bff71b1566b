"""What a person's answer makes of a step: only what was offered counts, whatever a button says."""

from datetime import timedelta

import pytest

from runbooks.runs import commands as c
from runbooks.runs import events as e
from runbooks.runs.evolve import evolve
from runbooks.runs.state import Status
from runbooks.vocabulary import Choice, Done, InDoubt, Means, Outcome, Waiting
from tests.runs.stories import ALEX, SRE, STEPS, Story, refused, step


def doubt(attempt: int) -> InDoubt:
    """The question about one attempt at a migration."""
    run = Choice(f"run-24-{attempt}", "Run it again", Means.AGAIN)
    return InDoubt("024 was cut off. Look.", (run, Choice("stop", "Stop here", Means.FAILED)))


def answers(step_id: str, choice: str) -> c.Answer:
    return c.Answer(ALEX, step_id, choice, SRE, SRE)


def test_a_button_of_an_earlier_question_answers_none() -> None:
    story = Story().past_the_gate().done("migrate", doubt(1))
    story.does(answers("migrate", "run-24-1"))
    story.done("migrate", doubt(2))
    assert refused(story, answers("migrate", "run-24-1")).reason == "not-offered"
    assert story.does(answers("migrate", "run-24-2"))
    assert story.run.steps["migrate"].outcome is None, "it is done anew"


@pytest.mark.parametrize(
    "asked", [InDoubt("Was it done?"), doubt(1), Waiting("a decision", (Choice("leave", "Leave"),))]
)
def test_a_value_that_nobody_offered_is_refused(asked: Outcome) -> None:
    story = Story().past_the_gate().done("migrate", asked)
    assert refused(story, answers("migrate", "some-old-button")).reason == "not-offered"


def test_a_line_of_people_is_done_or_not_answered() -> None:
    story = Story().requested().planned(step("one", "confirm"), step("two", "confirm")).done("one", Waiting("a tick"))
    for line in ("one", "two"):
        assert refused(story, answers(line, "again")).reason == "not-offered"
        story.does(answers(line, "done"))
    assert story.run.status is Status.SUCCEEDED


def test_nobody_ticks_an_approval() -> None:
    story = Story().at_the_gate()
    for choice in ("done", "approved", ""):
        assert refused(story, answers("gate", choice)).reason == "not-offered"


def test_a_stored_answer_that_nobody_offered_left_the_question_open() -> None:
    story = Story().past_the_gate().done("migrate", doubt(2))
    late = story.now + timedelta(seconds=1)
    after = evolve(story.run, e.Answered(ALEX, late, "migrate", "run-24-1"))
    assert after.steps["migrate"] == story.run.steps["migrate"]
    ended = evolve(evolve(after, e.Began(ALEX, late, "rollout", 1)), e.Recorded(ALEX, late, "rollout", 1, Done()))
    assert ended.current == STEPS[3]
