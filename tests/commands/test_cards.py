"""Cards from states: what they say at each stage, and how they end."""

from dataclasses import replace

import pytest

from commands.views.run_card import Look
from runbooks.catalogue import Catalogue
from runbooks.releases.state import Release
from runbooks.runs import commands as c
from runbooks.vocabulary import Failed
from tests.commands.cards import AT, buttons_of, text_of, the_button
from tests.commands.stages import CRASHED, DEPLOY, KNOWN, RELEASE, V41, V42, Stages
from tests.engine.world import CATALOGUE
from tests.runs.stories import RILEY, STEPS, Story


def test_a_deploy_that_waits_for_an_approval() -> None:
    assert (
        text_of(AT["waits for approval"])
        == """\
Deploy solvereign-api to production
*S3* · D-1 · v41 `3f2c1d9` → *v42* `a8005c2` · asked by <@URILEY> at 10:00
*Plan*  `a8005c2000000000000000000000000000000000`
• *Tests*  `python -m pytest backend_py/` as a Job
• *Schema*  1 migration: 024_tenant_flags.sql (reversible)
• *Health*  /health/live, /health/ready · 3 good rounds in a row, within 30 s
• *Pods*  Deployment solvereign-api: v41 → v42 · 3 replicas
• *Smoke*  python -m backend_py.tools.smoke --url https://api.example as a Job
• *Approval*  1 of @sre, not <@URILEY>
⏸ *Pre-Deploy*
 ✅ All tests pass 412 passed · 48 s
 ✅ Migrations planned 1 to apply, with its way back
 ☑️ Migrations tested on staging <@URILEY>, 10:00
 ✅ Health probes verified /health/live, /health/ready · 3 of 3 · 2 s
 ☑️ Rollback plan documented <@URILEY>, 10:00
 ☑️ Stakeholders notified <@URILEY>, 10:00
 ⏸ Plan approved
⬜ *Deploy*
Apply migrations in order · Deploy new pods · Verify health probes pass · Run smoke tests
⬜ *Post-Deploy*
Update last-known-good.json · Verify KPI baselines · Monitor for 30min · Announce completion
⏸ Waits for 1 approval of @sre, not by <@URILEY> · until 10:30"""
    )
    assert buttons_of(AT["waits for approval"]) == ["Approve", "Reject", "Abort"]


def deploying(*runs: str, version: str = "v42") -> Stages:
    """A deploy, planned while these versions ran."""
    story = Stages().asked()
    story.run = replace(story.run, version=version)
    steps = [replace(step, runs=runs) if step.uses == "kubernetes.rollout" else step for step in DEPLOY]
    return story.planned(*steps, commit=V42.commit)  # type: ignore[return-value] # a story answers itself


@pytest.mark.parametrize(
    ("runs", "versions", "standing"),
    [
        (["v41"], "v41 `3f2c1d9` → *v42* `a8005c2`", ""),
        (["v40"], "v40 → *v42* `a8005c2`", "v40 runs now; last known good v41 `3f2c1d9`"),
        (["v40", "v41"], "v40 and v41 → *v42* `a8005c2`", "v40 and v41 run now; last known good v41 `3f2c1d9`"),
        (["v42"], "*v42* `a8005c2`, which runs already", "v42 runs now; last known good v41 `3f2c1d9`"),
        ([], "*v42* `a8005c2`", "Last known good v41 `3f2c1d9`"),
    ],
)
def test_the_card_goes_from_what_runs_to_what_will(runs: list[str], versions: str, standing: str) -> None:
    lines = text_of(deploying(*runs).run).splitlines()
    assert lines[1] == f"*S3* · D-1 · {versions} · asked by <@URILEY> at 10:00"
    assert lines[2] == (standing or "*Plan*  `a8005c2000000000000000000000000000000000`")


def test_what_ran_before_is_said_in_the_past_once_the_change_has_begun() -> None:
    story = deploying("v40")
    Stages.changing(story)
    assert text_of(story.run).splitlines()[2] == "v40 ran before; last known good v41 `3f2c1d9`"
    story.does(c.Record("rollout", 1, CRASHED))
    lines = text_of(story.run).splitlines()
    assert "v40 → *v42*" in lines[1], "what it started from stays on its card"
    assert "last known good" not in lines[2], "the card of a run that is over says nothing of now"


def test_before_the_first_known_good_the_card_still_says_what_runs() -> None:
    first = Look(KNOWN, Release("solvereign-api", "production"))
    lines = text_of(deploying("v40").run, first).splitlines()
    assert (" · v40 → *v42* `a8005c2` · " in lines[1], lines[2][:6]) == (True, "*Plan*")


def test_a_deploy_whose_plan_is_being_made_can_be_aborted() -> None:
    run = AT["planning"]
    assert text_of(run).splitlines()[1] == "*S3* · D-1 · *v42* · asked by <@URILEY> at 10:00", (
        "nobody knows what runs"
    )
    assert buttons_of(run) == ["Abort"]
    assert "confirm" not in the_button(run, "Abort")
    story = Stages().asked()
    story.does(c.Abort(RILEY, frozenset(), frozenset()))
    assert text_of(story.run).splitlines()[2:] == ["⏳ Stopping what is under way"]
    assert buttons_of(story.run) == []
    story.does(c.Stopped(""))
    assert text_of(story.run).endswith("Aborted by <@URILEY> at 10:00: nothing was under way. Nothing was changed.")


def test_a_deploy_whose_change_has_begun_shows_no_plan_but_its_steps() -> None:
    assert (
        text_of(AT["rolling out"])
        == """\
Deploy solvereign-api to production
*S3* · D-1 · v41 `3f2c1d9` → *v42* `a8005c2` · asked by <@URILEY> at 10:00
✅ *Pre-Deploy*  22 s
tests: 412 passed · 1 migration to apply · health checks 3 of 3 · approved by <@UALEX> · 3 lines ticked by <@URILEY>
⏳ *Deploy*
 ✅ Apply migrations in order 024_tenant_flags.sql applied · 2 s
 ⏳ Deploy new pods 2 of 3 new pods ready
 ⬜ Verify health probes pass
 ⬜ Run smoke tests
⬜ *Post-Deploy*
Update last-known-good.json · Verify KPI baselines · Monitor for 30min · Announce completion"""
    )


def test_a_deploy_that_failed_says_where_why_and_what_happens_now() -> None:
    assert text_of(AT["failed"]).splitlines()[4:] == [
        "❌ *Deploy*",
        " ✅ Apply migrations in order 024_tenant_flags.sql applied · 2 s",
        f" ❌ Deploy new pods {CRASHED.reason}",
        " ⬜ Verify health probes pass",
        " ⬜ Run smoke tests",
        "⬜ *Post-Deploy*  not begun",
        "❌ Failed at “Deploy new pods” at 10:00. R-1 takes production back to v41.",
    ]
    assert buttons_of(AT["failed"]) == []


def test_a_deploy_that_ended_well() -> None:
    assert (
        text_of(AT["deployed"])
        == """\
Deployed solvereign-api to production
*S3* · D-1 · *v42* `a8005c2` · asked by <@URILEY> at 10:00
✅ *Pre-Deploy*  22 s
tests: 412 passed · 1 migration to apply · health checks 3 of 3 · approved by <@UALEX> · 3 lines ticked by <@URILEY>
✅ *Deploy*  14 s
024_tenant_flags.sql applied · 3 of 3 pods on v42 · health checks 3 of 3 · smoke: exit 0
✅ *Post-Deploy*  10 s
v42 is the last known good · announced · 2 lines ticked by <@URILEY>
✅ Done at 10:00"""
    )


def test_a_rollback_by_hand() -> None:
    assert text_of(AT["asks about the schema"]).splitlines()[2:] == [
        "⏱ Healthy 14 s after it was asked for, of five minutes.",
        "⏸ *Emergency rollback*",
        " ✅ Take over from a deploy that is still under way D-1 stopped: 1 of 1 workload was already patched to v42",
        " ✅ Revert to previous deployment 3 of 3 pods on v41, by digest · 2 s",
        " ✅ Verify health /health/live, /health/ready · 3 of 3 · 2 s",
        " ⏸ If DB migration was applied, check rollback script waits for a decision about the schema",
        " ⬜ Announce the rollback",
        " ⬜ Document lessons learned",
        "⏸ Waits for a decision about the schema, by @sre · the thread tells more",
    ]
    assert (
        text_of(AT["rolled back"])
        == """\
Rolled back solvereign-api production to v41 in 14 s
*S2* · R-2 · *v41* `3f2c1d9` · asked by <@URILEY> at 10:00
⏱ Healthy 14 s after it was asked for, of five minutes.
✅ *Emergency rollback*  22 s
D-1 stopped: 1 of 1 workload was already patched to v42 · 3 of 3 pods on v41, by digest · health checks 3 of 3 · \
schema left as it is by <@URILEY>, 10:00 · announced · 1 line ticked by <@URILEY>
✅ Done at 10:00"""
    )


@pytest.mark.parametrize(
    ("stage", "title", "last"),
    [
        ("planning", "Deploy solvereign-api to production", "⏳ Making the plan"),
        (
            "waits for lines",
            "Deploy solvereign-api to production",
            "⏸ Waits for 3 lines to be ticked by @developers or @sre",
        ),
        ("stopping", "Deploy solvereign-api to production", "⏳ Stopping what is under way"),
        (
            "aborted",
            "Deploy aborted: solvereign-api to production",
            "⏹ Aborted by <@URILEY> at 10:00: 1 of 1 workload was already patched to v42. "
            "What was changed before stays. "
            "To go back to v41: `/rollback solvereign-api production`.",
        ),
        (
            "superseded",
            "Deploy stopped: solvereign-api to production",
            "⏹ Stopped by <@URILEY> at 10:00. R-2 rolls solvereign-api in production back.",
        ),
        (
            "expired",
            "Deploy not approved in time: solvereign-api to production",
            "⏹ Nobody approved it in time. Nothing was changed. Ask again when an approver is there.",
        ),
        (
            "not planned",
            "Not started: deploy of solvereign-api to production",
            "❌ There is no version “v99” in the source of solvereign-api: no tag, branch or commit is called that. "
            "The newest tags are v42, v41 and v40. Nothing was changed.",
        ),
    ],
)
def test_the_first_line_says_what_it_is_and_the_last_where_it_stands(stage: str, title: str, last: str) -> None:
    lines = text_of(AT[stage]).splitlines()
    assert (lines[0], lines[-1]) == (title, last)


def test_what_a_take_over_found_is_noted_on_the_card_of_the_run_it_stopped() -> None:
    assert "ℹ️ Stopped for R-2: 1 of 1 workload was already patched to v42." in text_of(AT["superseded"])


def test_an_abort_before_the_change_says_that_nothing_was_changed() -> None:
    story = Stages().deploying().checked()
    story.does(c.Abort(story.run.requester, frozenset(), frozenset()))
    story.does(c.Stopped(""))
    assert text_of(story.run).endswith("Aborted by <@URILEY> at 10:00: nothing was under way. Nothing was changed.")


def test_where_nothing_goes_back_by_itself_the_card_says_how_to() -> None:
    left = replace(AT["failed"], roll_back=False)
    assert text_of(left).endswith(
        "It does not go back by itself. To go back to v41: `/rollback solvereign-api production`."
    )


def test_a_failed_deploy_without_a_way_back_does_not_promise_one() -> None:
    without = Look(KNOWN, Release("solvereign-api", "production"))
    assert text_of(AT["failed"], without).endswith(
        "It does not go back by itself, and no last known good is recorded: deploy a version that you trust."
    )


def test_where_people_are_to_decide_the_card_says_what_to_type() -> None:
    raw = KNOWN.model_dump()
    raw["services"]["solvereign-api"]["environments"]["production"]["on_failure"] = "ask"
    asking = Look(Catalogue.model_validate(raw), RELEASE)
    assert text_of(AT["failed"], asking).endswith("To go back to v41: `/rollback solvereign-api production`.")


def test_where_people_had_left_the_last_known_good_the_card_names_both_ways_back() -> None:
    left = Look(KNOWN, replace(RELEASE, good=(V42, V41)))
    assert text_of(AT["failed"], left).endswith(
        "v41 ran before, and the last known good is v42, so nothing goes back by itself. "
        "To go back to v42: `/rollback solvereign-api production`. "
        "To go back to v41: `/rollback solvereign-api production to v41`."
    )


def test_the_change_can_be_looked_at_where_the_catalogue_has_a_link() -> None:
    raw = KNOWN.model_dump()
    raw["services"]["solvereign-api"]["source"]["compare"] = "https://git.example/{base}..{head}"
    linked = Look(Catalogue.model_validate(raw), RELEASE)
    link = f"https://git.example/3f2c1d9{'0' * 33}..a8005c2{'0' * 33}"
    assert f" · <{link}|compare>" in text_of(AT["waits for approval"], linked)
    same = replace(RELEASE, good=(V42,))
    assert "compare" not in text_of(AT["waits for approval"], Look(linked.catalogue, same))


def test_a_plan_that_changed_shows_the_difference() -> None:
    story = Story().at_the_gate().approved()
    story.planned(*STEPS, commit="b" * 40)
    look = Look(Catalogue.model_validate(CATALOGUE), RELEASE)
    assert "*The plan has changed, so earlier approvals no longer count:*" in text_of(story.run, look)
    assert "• commit aaaaaaa is now bbbbbbb" in text_of(story.run, look)


def test_a_failure_that_was_let_pass_is_still_seen_when_its_phase_is_folded() -> None:
    story = Stages().deploying().serving()
    run = story.ticked("kpis").ticked("monitor").done("announce", Failed("It could not be posted.")).run
    assert " · ⚠️ Announce completion: It could not be posted." in text_of(run)
