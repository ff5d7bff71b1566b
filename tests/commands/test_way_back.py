"""What cards and findings say of a way back: while it goes, when people end it, and once it is over."""

from typing import Any

from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.vocabulary import Done, KnownGood
from tests.commands.stages import ASKED, CRASHED, HEALTHY, ROLLBACK, V41, V42, Stages
from tests.commands.streams import FOUND, OPENED, Streams, aborted, crashed, went_back
from tests.runs.stories import ALEX, BY_SRE, SAM, SRE, TEN


def test_while_the_rollback_goes_by_itself_people_are_to_watch_it() -> None:
    streams, _ = crashed()
    assert streams.says(FOUND)[-2:] == [
        "The rollback to v41 has begun by itself: R-1.",
        f"*Do:* Watch R-1.{OPENED}",
    ]
    assert streams.buttons(FOUND) == ["Acknowledge"]


def test_a_rollback_aborted_before_its_change_is_a_finding_with_the_way_back() -> None:
    streams, back = crashed()
    back.done("take-over", Done("nothing was running here")).begun("revert")
    aborted(streams, back, "no pod was changed")
    raised = "finding/R-1.rollback-aborted"
    assert streams.findings == [FOUND, raised]
    assert streams.states[raised].severity == "S2"
    assert streams.says(raised) == [
        "*solvereign-api production* · R-1 · v41 · since D-1 failed at 10:00",
        "Aborted by <@UALEX> at 10:00.",
        "“Revert to previous deployment” was under way: no pod was changed.",
        "So production may stand between v42 and v41.",
        f"*Do:* Execute rollback.{OPENED}",
        "Nothing goes back by itself: the button asks once, then v41 comes back.",
    ]
    assert streams.buttons(raised) == ["Roll back to v41", "Acknowledge"]


def test_an_aborted_rollback_that_began_nothing_says_what_still_stands() -> None:
    streams, back = crashed()
    aborted(streams, back)
    lines = streams.says("finding/R-1.rollback-aborted")
    assert "The rollback changed nothing: what D-1 changed still stands in production." in lines
    assert streams.says("run/R-1")[-1] == (
        "⏹ Aborted by <@UALEX> at 10:00: nothing was under way. This rollback changed nothing: production stands "
        "as D-1 left it. To go back to v41: `/rollback solvereign-api production`."
    )


def test_nothing_goes_on_promising_an_aborted_rollback() -> None:
    streams, back = crashed()
    back.begun("take-over")
    aborted(streams, back)
    assert streams.says(FOUND)[-3:] == [
        "The rollback R-1 was aborted by <@UALEX> at 10:00: production was not taken back.",
        f"*Do:* Execute rollback.{OPENED}",
        "Nothing goes back by itself: the button asks once, then v41 comes back.",
    ]
    assert streams.buttons(FOUND) == ["Roll back to v41", "Acknowledge"]
    assert streams.says("run/D-1")[-1] == (
        "❌ Failed at “Deploy new pods” at 10:00. The rollback R-1 was aborted by <@UALEX> at 10:00: production "
        "was not taken back. To go back to v41: `/rollback solvereign-api production`."
    )


def test_a_rollback_that_ended_well_is_told_to_whoever_waited_for_it() -> None:
    streams, back = crashed()
    for step in ("take-over", "revert"):
        back.done(step, Done("done"))
    back.done("health", HEALTHY).done("schema").done("announce").ticked("lessons")
    streams.takes(back)
    assert streams.findings == [FOUND]
    assert streams.says(FOUND)[-2:] == [
        "R-1 took production back to v41.",
        f"*Do:* Resolve I-1 when it is over.{OPENED}",
    ]
    assert streams.buttons(FOUND) == ["Acknowledge"]
    assert streams.says("run/D-1")[-1].endswith("at 10:00. R-1 took production back to v41.")


def test_a_rollback_aborted_after_its_change_may_have_done_a_part() -> None:
    streams, back = crashed()
    back.done("take-over", Done("nothing was running here")).done("revert", Done("3 of 3 pods on v41, by digest"))
    back.begun("health")
    aborted(streams, back)
    assert streams.says("finding/R-1.rollback-aborted")[2:5] == [
        "“Revert to previous deployment” was done: 3 of 3 pods on v41, by digest.",
        "“Verify health” was under way.",
        "So production may stand between v42 and v41.",
    ]
    assert "R-1 was aborted by <@UALEX> at 10:00: production may be back only in part." in streams.says(FOUND)[-3]
    assert "at 10:00: “Verify health” was under way. What was changed before stays." in streams.says("run/R-1")[-1]


def test_aborted_when_only_people_were_waited_for_it_is_back_all_the_same() -> None:
    streams, back = crashed()
    back.done("take-over", Done("nothing was running here")).done("revert", Done("3 of 3 pods on v41, by digest"))
    back.done("health", HEALTHY).done("schema", ASKED)
    aborted(streams, back)
    assert streams.findings == [FOUND]
    assert streams.says(FOUND)[-2] == (
        "R-1 took production back to v41, and was aborted by <@UALEX> at 10:00 with lines left to do."
    )
    *_, said, held = streams.says("run/R-1")
    assert said.endswith("production runs v41 again; only lines for people were left.")
    assert held == "🔒 Deploys to production are held until somebody releases them with a reason."


def test_a_rollback_that_failed_is_told_too() -> None:
    streams, back = crashed()
    back.done("take-over", Done("nothing was running here")).begun("revert")
    back.does(c.Record("revert", 1, CRASHED))
    streams.takes(back)
    assert streams.findings == [FOUND, "finding/R-1.rollback-failed"]
    assert streams.says(FOUND)[-2:] == [
        "The rollback R-1 failed at 10:00: its card says what stands where.",
        f"*Do:* Restore by hand.{OPENED}",
    ]
    assert streams.buttons(FOUND) == ["Acknowledge"]


def by_hand(successor: str, because_of: str, now: Any, target: KnownGood = V41) -> Stages:
    """A rollback by hand that took another run's targets."""
    story = Stages(Run(id=successor), now)
    quorum = None if target == V41 else BY_SRE
    story.asked(command="rollback", quorum=quorum, target=target, supersedes=(because_of,))
    return story


def test_a_rollback_that_takes_the_place_of_another_is_named_and_its_end_is_told() -> None:
    streams, back = crashed()
    back.does(c.Supersede("R-2", SAM))
    streams.takes(back)
    assert streams.findings == [FOUND]
    assert streams.says(FOUND)[-2:] == [
        "The rollback R-1 was stopped by <@USAM> at 10:00; R-2 takes production back instead.",
        f"*Do:* Watch R-2.{OPENED}",
    ]
    aborted(streams, by_hand("R-2", "R-1", back.now))
    assert streams.says(FOUND)[-3].startswith("The rollback R-2 was aborted by <@UALEX>")
    assert streams.buttons(FOUND) == ["Roll back to v41", "Acknowledge"]
    assert "finding/R-2.rollback-aborted" in streams.findings


def stopped_for_a_rollback() -> tuple[Streams, Stages]:
    """D-1 was stopped in the middle by R-2, which goes further back and so waits for an approval."""
    deploy = Stages().deploying().changing()
    deploy.does(c.Supersede("R-2", SAM))
    back = by_hand("R-2", "D-1", deploy.now, V42)
    back.planned(*ROLLBACK, commit=V42.commit).done("take-over", Done("D-1 stopped")).begun("revert")
    return Streams().takes(deploy), back


def test_a_rollback_that_was_rejected_leaves_what_it_stopped_and_says_so() -> None:
    streams, back = stopped_for_a_rollback()
    back.does(c.Reject(ALEX, back.run.digest, SRE))
    streams.takes(back)
    assert streams.findings == ["finding/R-2.rollback-not-approved"]
    lines = streams.says("finding/R-2.rollback-not-approved")
    assert lines[1:3] == [
        "Rejected by <@UALEX> at 10:00.",
        "The rollback changed nothing: what D-1 changed still stands in production.",
    ]
    assert "production stands as D-1 left it." in streams.says("run/R-2")[-1]
    assert streams.says("run/D-1")[-1] == (
        "⏹ Stopped by <@USAM> at 10:00. The rollback R-2 was rejected by <@UALEX> at 10:00: production was not "
        "taken back. To go back to v41: `/rollback solvereign-api production`."
    )


def test_a_rollback_that_nobody_approved_too() -> None:
    streams, back = stopped_for_a_rollback()
    back.does(c.Expire())
    streams.takes(back)
    assert streams.says("finding/R-2.rollback-not-approved")[1] == "Nobody approved it in time."
    assert "Nobody approved the rollback R-2 in time: production was not taken back." in streams.says("run/D-1")[-1]
    assert streams.says("run/R-2")[-1].startswith("⏹ Nobody approved it in time. This rollback changed nothing:")


def test_a_rollback_by_hand_that_was_withdrawn_raises_nothing() -> None:
    back = Stages(Run(id="R-2"), TEN).asked(command="rollback", quorum=None, target=V41)
    back.planned(*ROLLBACK, commit=V41.commit, quorum=False).begun("take-over")
    streams = Streams()
    streams.states["run/D-1"] = back.run
    assert aborted(streams, back).findings == []


def test_a_rollback_by_hand_is_told_to_all_that_waited_for_one() -> None:
    streams, back = crashed()
    aborted(streams, back)
    went_back(streams, "R-3", back.now)
    for stream in (FOUND, "finding/R-1.rollback-aborted"):
        assert streams.says(stream)[-2:] == [
            "R-3 took production back to v41.",
            f"*Do:* Resolve I-1 when it is over.{OPENED}",
        ]
        assert streams.buttons(stream) == ["Acknowledge"]
    for stream in ("run/D-1", "run/R-1"):
        assert streams.says(stream)[-1].endswith(" R-3 took production back to v41.")
    assert streams.state("release/solvereign-api/production").left == ()


def test_a_rollback_that_went_well_leaves_nothing_to_tell_the_next_one() -> None:
    streams, back = crashed()
    for step in ("take-over", "revert", "health", "schema", "announce"):
        back.done(step)
    back.ticked("lessons")
    streams.takes(back)
    went_back(streams, "R-9", back.now)
    assert "R-1 took production back to v41." in streams.says(FOUND)
