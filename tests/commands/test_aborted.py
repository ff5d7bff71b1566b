"""What cards and findings say of a deploy that people end: what was changed, and what is known of it."""

import pytest

from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.vocabulary import Done, InDoubt, Pending, Waiting
from tests.commands.stages import DEPLOY, Stages
from tests.commands.streams import Streams, aborted, went_back
from tests.runs.stories import RILEY


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


def test_a_question_in_the_middle_of_the_changes_is_not_their_end() -> None:
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, Waiting("a person")))
    assert not story.run.carried_out


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
