"""What cards and findings say when people end a deploy half-way, or the way back itself."""

from dataclasses import replace
from typing import Any

import pytest

from commands.views.messages import messages, streams_seen
from runbooks.catalogue import Catalogue
from runbooks.folds import rooms
from runbooks.reactions import react, release_of
from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.vocabulary import Done, InDoubt, KnownGood, Pending, Waiting
from tests.commands.cards import read, sound
from tests.commands.stages import ASKED, CRASHED, DEPLOY, HEALTHY, KNOWN, RELEASE, ROLLBACK, V41, V42, Stages
from tests.runs.stories import ALEX, BY_SRE, RILEY, SAM, SRE, TEN

FOUND = "finding/D-1.deploy-failed"
OPENED = " Incident: I-1 (opened), its channel is being made"


class Streams:
    """All streams of one place; a story is taken on, with what follows from it."""

    def __init__(self, catalogue: Catalogue = KNOWN) -> None:
        self.catalogue = catalogue
        self.states: dict[str, Any] = {"release/solvereign-api/production": RELEASE}

    def state(self, stream: str) -> Any:
        if stream not in self.states:
            self.states[stream] = rooms()[stream.partition("/")[0]].fold.start(stream)
        return self.states[stream]

    def takes(self, story: Stages) -> "Streams":
        """The story's run as it stands, and what its last event asks of others."""
        self.states[f"run/{story.run.id}"] = story.run
        asked = react(self.catalogue, story.events[-1], story.run, self.state)
        while asked:
            stream, command = asked.pop(0)
            room = rooms()[stream.partition("/")[0]]
            for event in room.decide(self.state(stream), command, story.now):
                self.states[stream] = room.fold.evolve(self.states[stream], event)
                asked += react(self.catalogue, event, self.states[stream], self.state)
        return self

    def says(self, stream: str) -> list[str]:
        """All lines of the stream's first message."""
        message = messages(self.catalogue, self.states[stream], self.state)[0]
        assert {release_of(self.run), *self.states} >= set(streams_seen(self.states[stream]))
        sound(message)
        blocks = [{**block} for block in message.blocks]
        texts = [b["text"]["text"] for b in blocks if "text" in b]
        del texts[0]
        small = [e["text"] for b in blocks for e in b.get("elements", []) if isinstance(e.get("text"), str)]
        return read("\n".join([*small, *texts])).splitlines()

    def buttons(self, stream: str) -> list[str]:
        message = messages(self.catalogue, self.states[stream], self.state)[0]
        rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
        return [element["text"]["text"] for row in rows for element in row]

    @property
    def run(self) -> Run:
        found: Run = self.states["run/D-1"]
        return found

    @property
    def findings(self) -> list[str]:
        return [stream for stream in self.states if stream.startswith("finding/")]


def crashed() -> tuple[Streams, Stages]:
    """D-1 failed; its rollback R-1 has begun by itself, its plan stands."""
    deploy = Stages().deploying().changing()
    deploy.does(c.Record("rollout", 1, CRASHED))
    streams = Streams().takes(deploy)
    back = Stages(streams.states["run/R-1"], deploy.now)
    back.planned(*ROLLBACK, commit=V41.commit, quorum=False)
    return streams, back


def aborted(streams: Streams, story: Stages, note: str = "", by: Any = ALEX, *, untouched: bool = False) -> Streams:
    story.does(c.Abort(by, SRE, SRE))
    story.does(c.Stopped(note, untouched))
    return streams.takes(story)


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
    assert streams.says("run/R-1")[-1].endswith("production runs v41 again; only lines for people were left.")


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


def test_a_deploy_aborted_after_its_change_began_is_a_finding_with_the_way_back() -> None:
    deploy = Stages().deploying().changing()
    streams = aborted(Streams(), deploy, "1 of 1 workload was already patched to v42")
    raised = "finding/D-1.deploy-aborted"
    assert streams.findings == [raised]
    assert streams.says(raised) == [
        "*solvereign-api production* · D-1 · v42 · asked by <@URILEY> at 10:00",
        "Aborted by <@UALEX> at 10:00.",
        "“Deploy new pods” was under way: 1 of 1 workload was already patched to v42.",
        "Migration 024_tenant_flags.sql is applied; it is not known whether v41 runs on it.",
        "So production may stand between v41 and v42.",
        "*Do:* Execute rollback, or deploy again. Create incident.",
        "Nothing goes back by itself: the button asks once, then v41 comes back.",
    ]
    assert streams.buttons(raised) == ["Roll back to v41", "Acknowledge", "Open incident"]
    assert streams.says("run/D-1")[0].startswith("*S2* ·")


def approved() -> Stages:
    """A deploy without migrations, whose change has begun and has not answered yet."""
    deploy = Stages().asked().planned(*(s for s in DEPLOY if s.id in ("tests", "approval", "rollout", "announce")))
    assert isinstance(deploy, Stages)
    deploy.done("tests").begun("approval")
    deploy.approved().verified().begun("rollout")
    return deploy


def test_a_deploy_aborted_before_its_change_did_anything_is_simply_aborted() -> None:
    streams = aborted(Streams(), approved(), "no pod was changed", untouched=True)
    assert streams.findings == []
    assert streams.says("run/D-1")[-1] == "⏹ Aborted by <@UALEX> at 10:00: no pod was changed, nor was anything else."
    assert streams.says("run/D-1")[0].startswith("*S3* ·")


def test_what_was_changed_before_the_step_that_was_stopped_in_time_is_a_finding() -> None:
    streams = aborted(Streams(), Stages().deploying().changing(), "no pod was changed", untouched=True)
    assert "Migration 024_tenant_flags.sql is applied; it is not known whether v41 runs on it." in streams.says(
        "finding/D-1.deploy-aborted"
    )
    assert "no pod was changed. What was changed before stays." in streams.says("run/D-1")[-1]


def test_once_a_step_has_answered_it_counts_as_having_changed_something() -> None:
    deploy = approved()
    deploy.does(c.Record("rollout", 1, Pending(deploy.now, "0 of 3 new pods ready")))
    streams = aborted(Streams(), deploy, "no pod was changed", untouched=True)
    assert streams.findings == ["finding/D-1.deploy-aborted"]


def test_a_deploy_aborted_while_its_lines_were_ticked_says_what_runs() -> None:
    deploy = Stages().deploying().serving()
    streams = aborted(Streams(), deploy)
    lines = streams.says("finding/D-1.deploy-aborted")
    assert "“Deploy new pods” was done: 3 of 3 pods on v42." in lines
    assert "Every change was made: production runs v42, which is not recorded as good." in lines
    assert "Every change was made: production runs v42, which is not recorded as good." in streams.says("run/D-1")[-1]


def test_an_abort_in_doubt_says_that_it_is_not_known() -> None:
    deploy = Stages().deploying().changing()
    deploy.does(c.Record("rollout", 1, InDoubt("Was it done?")))
    streams = aborted(Streams(), deploy)
    assert "Whether “Deploy new pods” was done is not known." in streams.says("finding/D-1.deploy-aborted")


@pytest.mark.parametrize("stage", ["planning", "checked", "judged"])
def test_an_abort_before_any_change_raises_nothing(stage: str) -> None:
    story = Stages().asked() if stage == "planning" else getattr(Stages().deploying(), stage)()
    streams = aborted(Streams(), story, by=RILEY)
    assert streams.findings == []


def test_a_rollback_by_hand_that_was_withdrawn_raises_nothing() -> None:
    back = Stages(Run(id="R-2"), TEN).asked(command="rollback", quorum=None, target=V41)
    back.planned(*ROLLBACK, commit=V41.commit, quorum=False).begun("take-over")
    streams = Streams()
    streams.states["run/D-1"] = back.run
    assert aborted(streams, back).findings == []


def test_a_question_in_the_middle_of_the_changes_is_not_their_end() -> None:
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, Waiting("a person")))
    assert not story.run.carried_out


def went_back(streams: Streams, run_id: str, now: Any) -> None:
    """A rollback by hand, from a finding's button or typed, that ends well."""
    story = Stages(Run(id=run_id), now).asked(command="rollback", quorum=None, target=V41)
    story.run = replace(story.run, version="v41")
    story.planned(*ROLLBACK, commit=V41.commit, quorum=False)
    for step in ("take-over", "revert", "health", "schema", "announce"):
        story.done(step)
    story.ticked("lessons")
    streams.takes(story)


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


def test_a_rollback_by_hand_is_told_to_the_deploy_that_people_aborted() -> None:
    deploy = Stages().deploying().changing()
    streams = aborted(Streams(), deploy)
    went_back(streams, "R-3", deploy.now)
    assert streams.says("finding/D-1.deploy-aborted")[-2] == "R-3 took production back to v41."
    assert streams.says("run/D-1")[-1].endswith("What was changed before stays. R-3 took production back to v41.")


def test_a_deploy_that_ends_well_settles_what_was_left_too() -> None:
    first = Stages().deploying().changing()
    streams = aborted(Streams(), first)
    second = Stages(Run(id="D-2"), first.now).deploying().serving()
    second.ticked("kpis").ticked("monitor").done("announce", Done("announced"))
    streams.takes(second)
    assert streams.says("finding/D-1.deploy-aborted")[-2] == "D-2 has since deployed v42 to production."
    assert streams.buttons("finding/D-1.deploy-aborted") == ["Acknowledge", "Open incident"]


def test_a_rollback_that_went_well_leaves_nothing_to_tell_the_next_one() -> None:
    streams, back = crashed()
    for step in ("take-over", "revert", "health", "schema", "announce"):
        back.done(step)
    back.ticked("lessons")
    streams.takes(back)
    went_back(streams, "R-9", back.now)
    assert "R-1 took production back to v41." in streams.says(FOUND)
