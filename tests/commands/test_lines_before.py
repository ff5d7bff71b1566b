"""What the lines before a deploy leave on the card, in its thread, and with stakeholders."""

from dataclasses import replace
from typing import Any

import pytest

from commands.views.asides import asides
from commands.views.brings import brought
from commands.views.gists import folded
from commands.views.messages import messages
from commands.views.plan import plan_blocks
from commands.views.steps import line_of
from commands.views.telling import telling
from runbooks.commits import Commits
from runbooks.incidents import incident
from runbooks.runs.state import Run, Status, StepRun
from runbooks.vocabulary import Done, Outcome, Pending, Plan, PlannedStep, Quorum
from tests.commands.stages import KNOWN, RELEASE
from tests.runs.stories import RILEY, TEN

NASTY = "<!channel> & <@U0ALL>"


def step(step_id: str, uses: str, *shows: str, **params: Any) -> PlannedStep:
    return PlannedStep(
        id=step_id, title=step_id.capitalize(), phase="Pre-Deploy", uses=uses, shows=shows, params=params
    )


def run(*found: tuple[PlannedStep, Outcome | None]) -> Run:
    plan = Plan(
        runbook="deployment-checklist",
        document="d",
        service="solvereign-api",
        environment="production",
        version="v42",
        commit="a8005c2" + "0" * 33,
        steps=tuple(each for each, _ in found),
        quorum=Quorum("sre"),
    )
    states = {each.id: StepRun(1, TEN, outcome, TEN) for each, outcome in found if outcome is not None}
    return Run(
        id="D-107",
        status=Status.RUNNING,
        command="deploy",
        service="solvereign-api",
        environment="production",
        version="v42",
        requester=RILEY,
        plan=plan,
        quorum=plan.quorum,
        steps=states,
    )


def see(name: str) -> Any:
    return incident.start(name) if name == "incident/I-107" else {"release/solvereign-api/production": RELEASE}[name]


TOLD = step("told", "notify.stakeholders", channels=["C01GENERAL"], people=["U01SAM"])


def test_a_rollback_plan_stands_in_the_thread_word_for_word() -> None:
    document = f"Rollback plan of D-107\n  024_rollback.sql: drops {NASTY}"
    (aside,) = asides(run((step("way-back", "way-back.write"), Done("back to v41", {"document": document}))), KNOWN)

    assert (aside.name, aside.text) == ("way-back", "📄 How D-107 would be taken back")
    quoted = aside.blocks[1]["text"]["text"]
    assert "Rollback plan of D-107" in quoted
    assert "&lt;!channel&gt; &amp; &lt;@U0ALL&gt;" in quoted


def test_a_rollback_plan_is_not_told_before_it_is_written() -> None:
    assert list(asides(run((step("way-back", "way-back.write"), Pending(TEN))), KNOWN)) == []


def test_stakeholders_get_a_message_each_once_the_step_has_begun() -> None:
    schema = step("plan", "migrations.plan", "1 migration: 024_tenant_flags.sql (reversible)")
    pods = step("rollout", "kubernetes.rollout", f"Deployment {NASTY}: v41 → v42 · 3 replicas")
    ahead = messages(KNOWN, run((TOLD, None), (schema, None), (pods, None)), see)
    begun = messages(KNOWN, run((TOLD, Pending(TEN)), (schema, None), (pods, None)), see)

    assert [m.key for m in ahead] == ["run/D-107/card"]
    told = [m for m in begun if "/told/" in m.key]
    assert [(m.key, m.channel) for m in told] == [
        ("run/D-107/told/C01GENERAL", "C01GENERAL"),
        ("run/D-107/told/U01SAM", "U01SAM"),
    ]
    assert told[0].text == (
        "solvereign-api v42 `a8005c2` goes to production soon: as soon as it has 1 approval of @sre."
    )
    assert told[0].blocks[0]["text"]["text"].split("\n")[1:] == [
        "• 1 migration: 024_tenant_flags.sql (reversible)",
        "• Deployment &lt;!channel&gt; &amp; &lt;@U0ALL&gt;: v41 → v42 · 3 replicas",
    ]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("rollback", "solvereign-api v42 `a8005c2` comes back in production soon: "),
        ("onboard", "acme goes live on solvereign-api v42 `a8005c2` in production soon: "),
    ],
)
def test_stakeholders_are_told_what_kind_of_change_comes(command: str, says: str) -> None:
    coming = replace(run((TOLD, Pending(TEN))), command=command, parameters={"tenant": "acme"})
    assert telling(coming)[0].startswith(says)


def test_what_the_card_says_of_each() -> None:
    found = run(
        (step("proven", "migrations.proven"), Done("024 stands in staging, v42 is good on it", {"run": "D-90"})),
        (step("probes", "probes.check"), Done("readiness and liveness declared", {"passes": 5, "paths": ["/"]})),
        (
            step("way-back", "way-back.write"),
            Done("back to v41 3f2c1d9 · no migration to take back", {"version": "v41"}),
        ),
        (TOLD, Done(f"told 1 channel; not told, no Slack id: {NASTY}", {"channels": []})),
        (step("ci", "ci.verdict"), Done("CI says success of a8005c2", {"tests": True})),
        (step("smoke", "http.smoke"), Done("2 of 2 passed · answered by v42", {"pinned": True})),
    )
    assert found.plan is not None
    assert folded(found, found.plan.steps) == " · ".join(
        [
            "024 stands in staging, v42 is good on it",
            "health checks 5 of 5",
            "back to v41 3f2c1d9 · no migration to take back",
            "told 1 channel; not told, no Slack id: &lt;!channel&gt; &amp; &lt;@U0ALL&gt;",
            "CI says success of a8005c2",
            "smoke: 2 of 2 passed · answered by v42",
        ]
    )


def test_a_command_that_was_not_pinned_says_so_on_the_card_and_when_folded() -> None:
    smoke = step("smoke", "command")
    found = run((smoke, Done("exit 0 · 1 s · not pinned to the new pods", {"command": "smoke", "counts": {}})))

    assert line_of(found, smoke) == "exit 0 · 1 s · not pinned to the new pods"
    assert folded(found, (smoke,)) == "smoke: exit 0 · not pinned to the new pods"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, ""),
        (Commits(0), ""),
        (Commits(1, ("Ada",)), "1 commit by 1 author (Ada) since the last known good"),
        (Commits(4, ("Ada", "Bodo")), "4 commits by 2 authors (Ada, Bodo) since the last known good"),
        (Commits(6, tuple("ABCDEF")), "6 commits by 6 authors (A, B, C, D, 2 more) since the last known good"),
        (Commits(0, (), 3), "3 commits of the last known good left out"),
        (
            Commits(2, ("Ada",), 1),
            "2 commits by 1 author (Ada) since the last known good, 1 commit of the last known good left out",
        ),
        (
            Commits(1, (NASTY,)),
            "1 commit by 1 author (&lt;!channel&gt; &amp; &lt;@U0ALL&gt;) since the last known good",
        ),
    ],
)
def test_what_a_release_brings(found: Commits | None, said: str) -> None:
    plan = replace(run((TOLD, None)).plan or Plan("", "", "", "", "", "", ()), brings=found)

    assert brought(plan) == said


def test_the_plan_and_the_stakeholders_message_tell_what_a_release_brings() -> None:
    asked = run((TOLD, Pending(TEN)))
    assert asked.plan is not None
    asked = replace(asked, plan=replace(asked.plan, brings=Commits(4, ("Ada", "Bodo"))))
    said = "4 commits by 2 authors (Ada, Bodo) since the last known good"
    [message] = [m for m in messages(KNOWN, asked, see) if m.channel == "U01SAM"]

    head = plan_blocks(asked, RELEASE, "https://git.example/compare")[0]["text"]["text"].split("\n")[0]
    assert head == f"*Plan*  `{asked.plan.commit}` · {said} · <https://git.example/compare|compare>"
    assert message.blocks[0]["text"]["text"].split("\n")[1] == f"• {said}"


def test_what_a_release_brings_is_shown_and_not_approved() -> None:
    plan = run((TOLD, None)).plan
    assert plan is not None
    assert replace(plan, brings=Commits(4, ("Ada",))).digest == plan.digest


def test_a_plan_without_a_way_back_says_so_first() -> None:
    asked = replace(run((step("knob", "knob", "knob: v1 → v2"), None)), command="deploy")
    without = replace(RELEASE, good=())
    said = "There is no last known good: this deploy can't be rolled back."

    assert plan_blocks(asked, without)[0]["text"]["text"].split("\n")[1] == (
        f"• ⚠️ {said} `opsbot adopt solvereign-api production` records what runs now."
    )
    assert said not in str(plan_blocks(asked, RELEASE))
    assert said not in str(plan_blocks(replace(asked, command="rollback"), without))


def test_what_stays_of_the_database_is_not_told_as_the_pods() -> None:
    asked = run((step("revert", "kubernetes.restore", "Deployment api: v42 → v41", "Database: 024 stays"), None))

    assert plan_blocks(asked, RELEASE)[0]["text"]["text"].split("\n")[1:3] == [
        "• *Pods*  Deployment api: v42 → v41",
        "• *Database*  024 stays",
    ]
