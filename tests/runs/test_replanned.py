"""What still counts when the plan is made again: outcomes of the same commit and the same step, and fresh plans."""

from dataclasses import replace

from runbooks.runs import commands as c
from runbooks.runs import events as e
from runbooks.runs import todo as t
from runbooks.runs.evolve import evolve
from runbooks.runs.state import Run
from runbooks.vocabulary import Actor, Done, Waiting
from tests.runs.stories import CHANGE, OTHER, STEPS, TEN, Story, plan, step


def test_what_was_done_for_another_commit_is_done_again() -> None:
    story = Story().at_the_gate().approved()
    story.does(c.Adopt(plan(*STEPS, commit=OTHER)))
    assert story.run.steps == {}, "neither the tests nor a person's tick were of this commit"
    assert story.run.difference == ("commit aaaaaaa is now bbbbbbb", "to be done again: Tests, Told")
    assert story.next == t.Begin(STEPS[0])
    story.done("tests").ticked("told").done("gate", Waiting("approval")).approved().verified().done("migrate")
    assert isinstance(story.run.steps["migrate"].outcome, Done)


def test_a_step_that_is_another_by_now_is_done_again_and_the_others_are_not() -> None:
    story = Story().at_the_gate().approved()
    story.does(c.Adopt(plan(replace(STEPS[0], params={"command": "all"}), *STEPS[1:])))
    assert set(story.run.steps) == {"told"}
    assert "to be done again: Tests" in story.run.difference


def test_what_is_only_shown_otherwise_was_done_all_the_same() -> None:
    story = Story().at_the_gate().approved()
    seen = replace(STEPS[0], shows=("v40 runs",), runs=("v40",), line=7)
    story.does(c.Adopt(plan(seen, STEPS[1], STEPS[2], replace(STEPS[3], params={"files": ["025"]}), *STEPS[4:])))
    assert set(story.run.steps) == {"tests", "told"}


def test_the_take_over_counts_when_the_rest_is_planned() -> None:
    over, back = step("take-over", "take-over"), step("back", **CHANGE)
    story = Story().requested(quorum=None)
    story.does(c.Adopt(plan(over, quorum=False, commit=""), provisional=True))
    story.done("take-over").does(c.Adopt(plan(replace(over, params={"seen": 1}), back, quorum=False)))
    assert story.next == t.Begin(back)


def test_a_plan_stored_before_outcomes_were_told_apart_reads_as_it_did() -> None:
    run: Run = Story().at_the_gate().run
    other = plan(*STEPS, commit=OTHER)
    after = evolve(run, e.Planned(Actor("opsbot"), TEN, plan=other, digest=other.digest))
    assert set(after.steps) == {"tests", "told"}


LINES = (*STEPS[:3], step("window", "confirm"), *STEPS[3:])


def test_the_plan_is_made_again_right_before_the_first_change_whatever_lies_between() -> None:
    story = Story().requested().planned(*LINES).done("tests").ticked("told").done("gate", Waiting("approval"))
    story.approved().verified().begun("window").after(minutes=1).ticked("window")
    assert story.next == t.Resolve()
    story.verified()
    assert story.next == t.Begin(STEPS[3])
    story.begun("migrate")
    assert story.next == t.Start(STEPS[3]), "once the first change has begun, the plan stands"


def test_a_plan_that_was_made_again_too_long_ago_is_made_once_more() -> None:
    story = Story().past_the_gate()
    assert story.next == t.Begin(STEPS[3])
    assert story.after(minutes=3).next == t.Resolve(), "nobody could be asked who approves meanwhile"
    story.verified()
    assert story.next == t.Begin(STEPS[3])


def test_a_plan_that_came_out_otherwise_behind_the_gate_closes_it_again() -> None:
    story = Story().requested().planned(*LINES).done("tests").ticked("told").done("gate", Waiting("approval"))
    story.approved().verified().begun("window").ticked("window")
    story.does(c.Adopt(plan(*LINES, commit=OTHER)))
    assert (story.run.steps, story.run.approvals_wanted) == ({}, 1)
