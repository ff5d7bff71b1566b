"""The rules that move a run: approvals, intents, ends, and everything that is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.runs import commands as c
from runbooks.runs import todo as t
from runbooks.runs.decide import decide
from runbooks.runs.state import Status, due, held
from runbooks.vocabulary import (
    Actor,
    Done,
    Failed,
    InDoubt,
    OnFailure,
    Pending,
    Quorum,
    Refused,
    Then,
    Waiting,
)
from tests.runs.stories import ALEX, CHANGE, RILEY, SAM, SRE, STEPS, TEN, Story, plan, step


def refused(story: Story, command: c.Command) -> Refused:
    before = story.run
    with pytest.raises(Refused) as caught:
        story.does(command)
    assert story.run == before
    return caught.value


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


def test_what_changes_needs_approvals_even_where_the_document_has_no_gate() -> None:
    story = Story().requested().planned(step("rollout", **CHANGE))
    assert story.run.waits_for_approval
    assert story.does(c.Begin("rollout", 1, frozenset({ALEX}))) == []
    assert isinstance(story.next, t.Rest)
    story.approved()
    assert story.next == t.Resolve()
    story.verified()
    assert isinstance(story.next, t.Begin)
    assert story.does(c.Begin("rollout", 1, frozenset({ALEX})))


def test_a_rollback_that_needs_nobody_goes_straight_on() -> None:
    story = (
        Story().requested(quorum=None, command="rollback").planned(step("gate", "approve"), STEPS[4], quorum=False)
    )
    story.begun("gate")
    assert isinstance(story.run.steps["gate"].outcome, Done)
    assert isinstance(story.next, t.Begin)


def test_the_requester_never_approves_their_own() -> None:
    story = Story().at_the_gate()
    assert refused(story, c.Approve(RILEY, story.run.digest, SRE)).reason == "own-request"


def test_nobody_counts_twice() -> None:
    story = Story().requested(quorum=Quorum("sre", 2)).planned(count=2).done("tests").ticked("told")
    story.done("gate", Waiting("approval")).approved(ALEX)
    assert refused(story, c.Approve(ALEX, story.run.digest, SRE)).reason == "approved-already"
    assert story.run.waits_for_approval
    story.approved(SAM).verified()
    assert not story.run.waits_for_approval


def test_an_outsider_approves_nothing() -> None:
    story = Story().at_the_gate()
    for groups in (frozenset[str](), frozenset({"developers"})):
        assert refused(story, c.Approve(ALEX, story.run.digest, groups)).reason == "not-allowed"


def test_a_click_on_an_old_plan_is_refused_with_what_changed() -> None:
    story = Story().at_the_gate()
    old = story.run.digest
    story.approved()
    story.does(c.Adopt(plan(*STEPS, commit="b" * 40)))
    assert story.run.approvals == ()
    assert story.run.difference == ("commit aaaaaaa is now bbbbbbb",)
    assert refused(story, c.Approve(SAM, old, SRE)).facts["difference"] == ["commit aaaaaaa is now bbbbbbb"]
    story.done("gate", Waiting("approval"))
    assert story.run.waits_for_approval


def test_a_plan_that_changed_keeps_what_was_done_before_the_gate() -> None:
    story = Story().at_the_gate().approved()
    story.does(c.Adopt(plan(*STEPS, commit="b" * 40)))
    assert "tests" in story.run.steps
    assert "gate" not in story.run.steps


def test_approvals_are_looked_at_again_when_the_first_change_begins() -> None:
    story = Story().past_the_gate()
    story.begun("migrate", members=frozenset({SAM}))
    assert "migrate" not in story.run.steps
    assert story.run.approvals == ()
    assert story.run.waits_for_approval


def test_an_approval_that_is_too_old_no_longer_counts() -> None:
    story = Story().past_the_gate().after(minutes=31)
    story.begun("migrate")
    assert "migrate" not in story.run.steps
    assert story.run.waits_for_approval


def test_once_a_change_has_begun_nothing_expires() -> None:
    story = Story().past_the_gate().done("migrate").after(hours=5)
    story.begun("rollout", members=frozenset())
    assert "rollout" in story.run.steps


def test_nobody_approves_in_time() -> None:
    story = Story().at_the_gate()
    assert story.next == t.Rest(due(story.run))
    assert isinstance(story.after(minutes=31).next, t.GiveUp)
    story.does(c.Expire())
    assert story.run.status is Status.EXPIRED
    assert refused(story, c.Approve(ALEX, story.run.digest, SRE)).reason == "moved-on"


def test_expiry_loses_to_an_approval_that_was_recorded_first() -> None:
    assert Story().at_the_gate().approved().does(c.Expire()) == []


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


def test_a_rejected_run_changes_nothing() -> None:
    story = Story().at_the_gate()
    story.does(c.Reject(ALEX, story.run.digest, SRE))
    assert story.run.status is Status.REJECTED


def test_the_requester_may_withdraw() -> None:
    story = Story().at_the_gate()
    story.does(c.Reject(RILEY, "whatever"))
    assert story.run.status is Status.REJECTED


def test_a_stale_click_on_reject_never_ends_a_run_that_is_changing_things() -> None:
    story = Story().past_the_gate().begun("migrate")
    for by in (RILEY, ALEX):
        assert refused(story, c.Reject(by, story.run.digest, SRE)).reason == "no-approval-wanted"


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


COMMANDS = st.one_of(
    st.builds(c.Begin, st.sampled_from([s.id for s in STEPS]), st.integers(1, 3), st.just(frozenset({ALEX, SAM}))),
    st.builds(
        c.Record,
        st.sampled_from([s.id for s in STEPS]),
        st.integers(1, 3),
        st.sampled_from([Done(), Failed("no"), Pending(TEN), Waiting("x"), InDoubt("?")]),
    ),
    st.builds(c.Approve, st.sampled_from([RILEY, ALEX, SAM]), st.just(plan(*STEPS).digest), st.just(SRE)),
    st.builds(
        c.Answer, st.just(RILEY), st.sampled_from([s.id for s in STEPS]), st.just("done"), st.just(SRE), st.just(SRE)
    ),
    st.just(c.Adopt(plan(*STEPS))),
    st.just(c.Adopt(plan(*STEPS, commit="b" * 40))),
    st.just(c.Abort(ALEX, SRE, SRE)),
    st.just(c.Stopped()),
    st.just(c.Supersede("R-2", ALEX)),
    st.just(c.Expire()),
    st.just(c.Progress("tests", 1, "half-way")),
)


@given(st.lists(COMMANDS, max_size=40))
def test_whatever_comes_in_whatever_order_no_change_begins_without_its_approvals(found: list[c.Command]) -> None:
    story = Story().requested()
    for command in found:
        before = story.run
        try:
            events = story.does(command)
        except Refused:
            continue
        if before.status.over:
            assert all(event.kind == "noted" for event in events), "an ended run stays as it ended"
        for event in events:
            if event.kind == "began" and event.step in ("migrate", "rollout") and not before.changed:
                assert [a.by for a in before.approvals if a.digest == before.digest and a.by != RILEY]
    assert replace(story.run) == story.run
    assert decide(story.run, c.Request(Actor("T1/UX"), "deploy", "r", "s", "e", "v", frozenset(), None, 1), TEN) == []
