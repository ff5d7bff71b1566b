"""Private answers: help, status, history, and the confirmation before a rollback."""

import json
from dataclasses import replace
from pathlib import Path

import yaml

from commands.views.confirm_rollback import Asked, confirm_rollback
from commands.views.lists import deploy_help, history, rollback_help, status
from runbooks.catalogue import Approval
from runbooks.engine.starts import target_digest
from sandbox.slack.sizes import too_large
from tests.commands.cards import read
from tests.commands.stages import KNOWN, RELEASE, V41, V42, stages

AT = dict(stages())
ASKED = "<@URILEY>, 24 Nov 2026 10:00"


def test_help_names_every_command_and_service() -> None:
    assert (
        deploy_help(KNOWN).replace("\u2003", " ")
        == """\
*Deploy and roll back*
`/deploy` opens a form with the services, their versions and what would change
`/deploy SERVICE VERSION [ENVIRONMENT]` runs the checklist; VERSION is a tag, a commit or a branch
`/rollback SERVICE [ENVIRONMENT]` goes back to the last known good; you are asked once
`/rollback SERVICE [ENVIRONMENT] to VERSION` goes back to another version that was good
`/rollback ... planned` goes back without hurry: read, tell, approve, then do; it stops nothing
*See*
`/deploy status [SERVICE] [ENVIRONMENT]` what is under way, and who is waited for
`/deploy history [SERVICE] [ENVIRONMENT]` what was done
*Stop*
`/deploy abort RUN` ends a run before its next step
`/deploy lock SERVICE [ENVIRONMENT] REASON` holds all deploys
`/deploy unlock SERVICE [ENVIRONMENT] [REASON]` lets them go on; after a rollback only with a reason
*Beside deploys*
`/ops` four questions that lead to the right command; `/ops read` shows the runbooks
`/lkg [SERVICE] [ENVIRONMENT]` what is last known good
`/incident help` incidents: declare, update, resolve, list
`/drill help` trying the way back where it harms nobody
`/onboard help` a tenant through its gates
`/audit help` an audit pack of what was done
*Services*
solvereign-api: production (if you name none), staging"""
    )


def test_help_names_each_command_of_the_app() -> None:
    manifest = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml").read_text())
    commands = [each["command"] for each in manifest["features"]["slash_commands"]]
    assert len(commands) > 5
    assert [command for command in commands if f"`{command}" not in deploy_help(KNOWN)] == []


def test_help_on_going_back_names_the_ways_back_and_how_to_stop_one() -> None:
    assert (
        rollback_help(KNOWN).replace("\u2003", " ")
        == """\
*Roll back*
`/rollback SERVICE [ENVIRONMENT]` goes back to the last known good; you are asked once
`/rollback SERVICE [ENVIRONMENT] to VERSION` goes back to another version that was good
`/rollback ... planned` goes back without hurry: read, tell, approve, then do; it stops nothing
`/deploy abort RUN` ends a rollback before its next step
*Services*
solvereign-api: production (if you name none), staging"""
    )


def test_nothing_to_list() -> None:
    assert status([]) == "Nothing is under way."
    assert history([]) == "Nothing was run yet."


def test_status_says_where_each_run_stands_and_who_is_waited_for() -> None:
    going = [
        "planning",
        "open lines",
        "waits for lines",
        "waits for approval",
        "rolling out",
        "stopping",
        "asks about the schema",
    ]
    assert (
        read(status([AT[name] for name in going]))
        == f"""\
*Under way*
⏳ *D-1* deploy of solvereign-api v42 to production · {ASKED}
  its plan is being made
⏳ *D-1* deploy of solvereign-api v42 to production · {ASKED}
  at “All tests pass”
⏸ *D-1* deploy of solvereign-api v42 to production · {ASKED}
  waits for 3 lines to be ticked
⏸ *D-1* deploy of solvereign-api v42 to production · {ASKED}
  waits for 1 approval of @sre until 10:30
⏳ *D-1* deploy of solvereign-api v42 to production · {ASKED}
  at “Deploy new pods”: 2 of 3 new pods ready
⏳ *D-1* deploy of solvereign-api v42 to production · {ASKED}
  being stopped
⏸ *R-2* rollback of solvereign-api in production to v41 · {ASKED}
  at “If DB migration was applied, check rollback script”: waits for a decision about the schema"""
    )


def test_history_says_how_each_run_ended() -> None:
    ended = ["aborted", "failed", "deployed", "superseded", "rolled back", "expired", "not planned"]
    lines = read(history([AT[name] for name in ended])).splitlines()
    assert lines[0] == "*The last runs, newest first*"
    assert [line.split(" ")[0] for line in lines[1::2]] == ["⏹", "❌", "✅", "⏹", "✅", "⏹", "❌"]
    assert [line.strip() for line in lines[2::2]] == [
        "aborted by <@URILEY>: 1 of 1 workload was already patched to v42",
        "failed at “Deploy new pods”: New pods crash: 2 of 2 in CrashLoopBackOff for 20 s. "
        "Old pods still serve (3 of 3 ready).",
        "done in 54 s",
        "stopped by <@URILEY> for R-2",
        "done in 26 s",
        "ended, since nobody approved it in time",
        "failed: There is no version “v99” in the source of solvereign-api: no tag, branch or commit is called that. "
        "The newest tags are v42, v41 and v40.",
    ]


def test_a_rollback_that_answers_a_failure_names_it() -> None:
    assert "rollback of solvereign-api in production to v41 · since D-1 failed, 24 Nov 2026 10:00" in read(
        history([replace(AT["rolled back"], because="D-1")])
    )


FACTS = ["Pods: image and template back, 3 replicas stay", "Not brought back: ConfigMap solvereign-env changed since"]


def test_the_confirmation_says_what_comes_back_and_the_click_carries_what_was_shown() -> None:
    blocks = confirm_rollback(RELEASE, V41, FACTS, ["D-107"], quorum=Approval(group="sre"), asked=Asked("", "7.abc"))
    assert (
        read(blocks[0]["text"]["text"])
        == """\
*Roll back solvereign-api production to v41* `3f2c1d9`, last known good since 9 Nov 2026 10:00?
• *Pods:* image and template back, 3 replicas stay
• *Not brought back:* ConfigMap solvereign-env changed since
• D-107 will be stopped first, before its next step"""
    )
    now, cancel = blocks[1]["elements"]
    assert (now["text"]["text"], now["style"], cancel["text"]["text"]) == ("Roll back now", "primary", "Cancel")
    assert json.loads(now["value"]) == {
        "service": "solvereign-api",
        "environment": "production",
        "version": "",
        "shown": target_digest(V41),
        "asked": "7.abc",
        "seen": "",
    }


def test_another_version_than_the_last_known_good_needs_an_approval() -> None:
    release = replace(RELEASE, good=(V42, V41))
    blocks = confirm_rollback(release, V41, FACTS[:1], [], quorum=Approval(group="sre"), asked=Asked("v41", "7.abc"))
    assert read(blocks[0]["text"]["text"]).splitlines() == [
        "*Roll back solvereign-api production to v41* `3f2c1d9`?",
        "• *Pods:* image and template back, 3 replicas stay",
        "• It needs 1 approval of @sre, since it is not the last known good, which is v42",
    ]


def test_a_confirmation_with_facts_from_outside_is_sound() -> None:
    hostile = ["<!channel> " * 300] * 40
    blocks = confirm_rollback(RELEASE, V41, hostile, [], quorum=Approval(group="sre"), asked=Asked("", "7.abc"))
    assert too_large({"blocks": blocks}) == ""
    assert "<!channel>" not in json.dumps(blocks)
    assert "28 facts more" in blocks[-2]["text"]["text"]
