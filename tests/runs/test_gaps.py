"""An approval agrees to the gaps of the way back that its card named; one that did not know them does not count."""

from runbooks.promotion import promote
from runbooks.runs import commands as c
from runbooks.vocabulary import GAPS, Done, Waiting
from tests.runs.stories import ALEX, CHANGE, SAM, SRE, Story, refused, step

GAP = "022_rollback.sql was tried on an empty never only."


def test_an_approval_names_the_gaps_by_its_digest() -> None:
    story = Story().requested().planned().done("tests", Done("rehearsed", {GAPS: [GAP]})).ticked("told")
    story.done("gate", Waiting("approval"))
    assert story.run.gaps == (GAP,)
    assert story.run.approvable != story.run.digest
    unaware = refused(story, c.Approve(ALEX, story.run.digest, SRE))
    assert (unaware.reason, unaware.facts["difference"]) == ("plan-changed", [GAP])

    story.does(c.Approve(ALEX, story.run.approvable, SRE))
    assert story.run.approvals_wanted == 0
    assert story.run.approvals[0].digest == story.run.approvable


def test_an_approval_from_before_a_gap_was_known_does_not_count() -> None:
    gate, rehearsal = step("gate", "approve"), step("rehearsal")
    story = Story().requested().planned(gate, rehearsal, step("migrate", **CHANGE))
    story.done("gate", Waiting("approval")).approved(ALEX).verified()
    assert not story.run.waits_for_approval
    story.done("rehearsal", Done("rehearsed", {GAPS: [GAP]}))
    assert story.run.waits_for_approval
    assert story.does(c.Begin("migrate", 1, frozenset({ALEX}))) == []

    story.does(c.Approve(ALEX, story.run.approvable, SRE))
    assert not story.run.waits_for_approval


def test_without_a_gap_an_approval_names_the_plan_alone() -> None:
    story = Story().requested().planned().done("tests", Done("rehearsed", {"rehearsed": True}))
    assert story.run.approvable == story.run.digest


def test_whose_approval_does_not_count_is_not_said_to_have_approved() -> None:
    story = Story().requested().planned(step("gate", "approve"), step("rehearsal"), step("migrate", **CHANGE))
    story.done("gate", Waiting("approval")).approved(ALEX).verified()
    story.done("rehearsal", Done("rehearsed", {GAPS: [GAP]}))
    story.does(c.Approve(SAM, story.run.approvable, SRE))
    assert story.run.approvals_wanted == 0
    assert promote(story.run).approved_by == (SAM,)


def test_a_watch_that_could_not_look_for_a_while_leaves_no_gap_in_the_way_back() -> None:
    """Its evidence has gaps of its own, which are times; they stand in the events of many a run."""
    story = Story().requested().planned(step("gate", "approve"), step("migrate", **CHANGE), step("watch", "watch"))
    story.done("gate", Waiting("approval")).approved(ALEX).verified().done("migrate")
    story.done("watch", Done("watched", {"gaps": [["2026-11-24T10:00:00+00:00", "2026-11-24T10:00:45+00:00"]]}))
    assert (story.run.gaps, story.run.approvals_wanted) == ((), 0)
    assert promote(story.run).approved_by == (ALEX,)
