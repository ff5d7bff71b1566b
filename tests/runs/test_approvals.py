"""Whose approvals of which plan count, for how long, and that no change begins without them."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.runs import commands as c
from runbooks.runs import todo as t
from runbooks.runs.decide import decide
from runbooks.runs.state import Status, due
from runbooks.vocabulary import (
    Actor,
    Done,
    Failed,
    InDoubt,
    Pending,
    Quorum,
    Refused,
    Waiting,
)
from tests.runs.stories import ALEX, CHANGE, RILEY, SAM, SRE, STEPS, TEN, Story, plan, refused, step


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
    assert story.run.difference[0] == "commit aaaaaaa is now bbbbbbb"
    assert refused(story, c.Approve(SAM, old, SRE)).facts["difference"] == list(story.run.difference)
    story.done("tests").ticked("told").done("gate", Waiting("approval"))
    assert story.run.waits_for_approval


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


def test_one_that_is_too_old_goes_with_that_of_somebody_who_left() -> None:
    story = Story().requested(quorum=Quorum("sre", 2)).planned(count=2).done("tests").ticked("told")
    story.done("gate", Waiting("approval")).approved(ALEX).after(minutes=20).approved(SAM).verified()
    story.done("gate").after(minutes=11)
    story.begun("migrate", members=frozenset({ALEX}))
    assert (story.run.approvals, story.run.approvals_wanted) == ((), 2)
    assert len(story.run.notes) == 2


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


@settings(deadline=None)  # on a busy machine
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


def test_a_run_whose_last_line_is_its_approval_ends_with_it() -> None:
    asked = Story().requested().planned(step("gate", "approve")).done("gate", Waiting("approval")).approved()
    asked.does(c.Adopt(plan(step("gate", "approve"))))
    nobody = Story().requested(quorum=None).planned(step("gate", "approve"), quorum=False).begun("gate")
    assert [asked.run.status, nobody.run.status] == [Status.SUCCEEDED, Status.SUCCEEDED]


def test_a_run_that_is_nothing_but_its_first_part_ends_with_it() -> None:
    whole = plan(step("take-over"), quorum=False)
    story = Story().requested(quorum=None, command="rollback")
    story.does(c.Adopt(whole, provisional=True))
    story.done("take-over")
    assert story.next == t.Resolve()
    story.does(c.Adopt(whole))
    assert story.run.status is Status.SUCCEEDED
