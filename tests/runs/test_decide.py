"""The rules that move a run: intents, outcomes, cuts and ends, and everything that is refused."""

from dataclasses import replace

from runbooks.runs import commands as c
from runbooks.runs import todo as t
from runbooks.runs.state import Run, Status, StepRun, due, held
from runbooks.vocabulary import (
    OPSBOT,
    Done,
    Failed,
    InDoubt,
    OnFailure,
    Pending,
    Then,
    Waiting,
)
from tests.runs.stories import ALEX, CHANGE, RILEY, SAM, SRE, STEPS, TEN, Story, plan, refused, step


def test_a_run_goes_from_request_to_end() -> None:
    story = Story().requested()
    assert story.next == t.Resolve()
    story.planned()
    assert isinstance(story.next, t.Begin)
    story.done("tests").ticked("told").done("gate", Waiting("approval"))
    assert story.run.waits_for_approval
    story.approved()
    assert story.next == t.Resolve(), "the plan is made again before it runs"
    story.verified()
    assert isinstance(story.run.steps["gate"].outcome, Done)
    story.done("migrate").done("rollout").done("announce")
    assert story.run.status is Status.SUCCEEDED
    assert held(story.run) == frozenset()
    assert due(story.run) is None


def test_manual_items_of_the_open_phase_are_ticked_in_any_order() -> None:
    story = (
        Story()
        .requested()
        .planned(step("one", "confirm"), step("two", "confirm"), step("later", "confirm", phase="x"))
    )
    assert refused(story, c.Answer(RILEY, "later", "done", SRE, SRE)).reason == "not-open"
    story.ticked("two").ticked("one").ticked("later")
    assert story.run.status is Status.SUCCEEDED


def test_a_tick_counts_once_and_says_who_was_first() -> None:
    story = Story().requested().planned(step("one", "confirm"), step("two", "confirm")).ticked("one")
    again = refused(story, c.Answer(ALEX, "one", "done", SRE, SRE))
    assert (again.reason, again.facts["by"]) == ("not-open", RILEY)


def test_a_machine_step_cannot_be_ticked() -> None:
    story = Story().requested().planned()
    assert refused(story, c.Answer(ALEX, "tests", "done", SRE, SRE)).reason == "not-open"


def test_a_failed_change_ends_the_run_and_asks_for_the_way_back() -> None:
    story = Story().past_the_gate().done("migrate").done("rollout", Failed("New pods crash."))
    assert (story.run.status, story.run.roll_back) == (Status.FAILED, True)
    assert (story.run.finding, story.run.reason) == ("deploy-failed", "New pods crash.")


def test_nothing_rolls_back_before_a_change_has_begun() -> None:
    early = step("tests", on_failure=OnFailure("deploy-failed", Then.ROLLBACK))
    story = Story().requested().planned(early, *STEPS[1:]).done("tests", Failed("2 failed"))
    assert (story.run.status, story.run.roll_back) == (Status.FAILED, False)


def test_a_failed_announcement_does_not_end_the_run_badly() -> None:
    story = Story().past_the_gate().done("migrate").done("rollout").done("announce", Failed("no such channel"))
    assert story.run.status is Status.SUCCEEDED


def test_what_a_holder_answers_late_is_dropped() -> None:
    story = Story().past_the_gate().begun("migrate")
    story.epoch = 2
    story.begun("migrate")
    assert story.does(c.Record("migrate", 1, Done())) == []
    assert story.does(c.Record("migrate", 2, Done()))


def test_a_later_holder_may_look_again_at_what_is_pending() -> None:
    story = Story().past_the_gate().done("migrate").done("rollout", Pending(TEN, "1 of 3", {"g": 1}))
    assert story.next == t.Check(STEPS[4], {"g": 1})
    story.epoch = 7
    assert story.next == t.Check(STEPS[4], {"g": 1})
    assert story.does(c.Record("rollout", 7, Done()))


def test_a_cut_is_treated_as_the_step_declares() -> None:
    for cut, expected in (("idempotent", t.Begin), ("reconciles", t.Settle), ("parks", t.Park)):
        one = step("one", cut=cut)
        story = Story().requested().planned(one).begun("one")
        assert story.next == t.Start(one)
        story.epoch = 2
        assert story.next == expected(one)


def test_in_doubt_a_person_decides() -> None:
    story = Story().requested().planned(step("one"), step("two")).done("one", InDoubt("Was it done?"))
    assert story.next == t.Rest(None)
    assert due(story.run) is None
    story.does(c.Answer(ALEX, "one", "again", SRE, SRE))
    assert story.next == t.Begin(step("one"))
    story.done("one", InDoubt("Was it done?")).does(c.Answer(ALEX, "one", "done", SRE, SRE))
    assert story.run.current == step("two")
    story.done("two", InDoubt("Was it done?")).does(c.Answer(ALEX, "two", "stop", SRE, SRE))
    assert story.run.status is Status.FAILED


def test_abort_ends_what_is_under_way_first() -> None:
    story = Story().past_the_gate().begun("migrate")
    story.does(c.Abort(RILEY))
    assert story.run.status is Status.STOPPING
    assert held(story.run), "targets stay reserved until the interrupted step was ended"
    assert story.next == t.Stop(STEPS[3])
    assert story.does(c.Record("migrate", 1, Done())) == []
    story.does(c.Stopped("nothing was applied"))
    assert (story.run.status, story.run.reason, held(story.run)) == (
        Status.ABORTED,
        "nothing was applied",
        frozenset(),
    )
    assert refused(story, c.Abort(RILEY)).reason == "moved-on"


def test_only_people_of_the_place_abort_what_others_asked_for() -> None:
    story = Story().at_the_gate()
    assert refused(story, c.Abort(SAM, frozenset(), SRE)).reason == "not-allowed"
    assert story.does(c.Abort(SAM, SRE, SRE))


def test_a_superseded_run_does_nothing_more() -> None:
    story = Story().past_the_gate().begun("migrate")
    story.does(c.Supersede("R-2", SAM))
    assert (story.run.status, story.run.successor, held(story.run)) == (Status.SUPERSEDED, "R-2", frozenset())
    assert story.does(c.Record("migrate", 1, Done())) == []
    assert story.does(c.Begin("migrate", 2)) == []
    assert story.does(c.Note("024 was applied"))


def test_targets_are_let_go_of_when_only_peoples_lines_are_left() -> None:
    story = Story().requested(quorum=None).planned(step("back", **CHANGE), step("lessons", "confirm"), quorum=False)
    assert held(story.run)
    story.done("back")
    assert (story.run.status, held(story.run)) == (Status.RUNNING, frozenset())


def test_a_provisional_plan_is_made_whole_when_its_steps_are_done() -> None:
    story = Story().requested(quorum=None)
    over = step("take-over", "take-over")
    story.does(c.Adopt(plan(over, quorum=False), provisional=True))
    story.done("take-over")
    assert (story.run.status, story.next) == (Status.RUNNING, t.Resolve())
    story.does(c.Adopt(plan(over, step("back", **CHANGE), quorum=False)))
    assert story.next == t.Begin(step("back", **CHANGE))


def test_a_fault_in_the_plan_ends_the_run_with_its_sentence() -> None:
    story = Story().requested()
    story.does(c.PlanFailed("There is no version v99.", "migration-without-rollback"))
    assert (story.run.status, story.run.reason) == (Status.FAILED, "There is no version v99.")
    assert not story.run.roll_back


def test_a_run_with_only_peoples_lines_left_takes_nothing_back_when_it_is_aborted() -> None:
    story = Story().requested(quorum=None).planned(step("back", **CHANGE), step("lessons", "confirm"), quorum=False)
    story.done("back").does(c.Abort(RILEY))
    assert (story.run.status, held(story.run)) == (Status.STOPPING, frozenset())


def test_a_run_that_is_aborted_before_its_plan_stands_lets_go_at_its_end() -> None:
    story = Story().requested()
    story.does(c.Abort(RILEY))
    assert (story.run.status, held(story.run)) == (Status.STOPPING, frozenset(story.run.targets))


def test_a_step_is_done_by_who_decided_on_it_else_by_who_asked_or_the_bot_itself() -> None:
    doubted = step("knob", changes=True)
    asked = Run("R-7", requester=RILEY)
    by_itself = replace(asked, because="D-7")
    decided = {doubted.id: StepRun(1, TEN, choice="again", choice_by=ALEX)}

    assert (asked.by(doubted), by_itself.by(doubted)) == (RILEY, OPSBOT)
    assert replace(by_itself, steps=decided).by(doubted) == ALEX
