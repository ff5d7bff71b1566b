"""The gates of tenant onboarding: the exit code and the report must agree, on real processes and on Jobs."""

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.adapters.processes.runner import LocalProcesses
from runbooks.catalogue import Service
from runbooks.gates import Gate
from runbooks.redaction import HIDDEN, Redactor
from runbooks.steps.base import Site, Turn
from runbooks.steps.command import JobState
from runbooks.steps.tenant_gate import TenantGate
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, PlanningFailed
from tests.steps.places import NOW, site, through, turn
from tests.steps.test_command import Jobs, Kept

CANARY = "canary-77aa-3"
PARAMS = {"gate": "rls-harness", "tenant": "acme"}
RUN = [
    "python",
    "-m",
    "backend_py.tools.onboarding_contract",
    "validate",
    "--tenant",
    "${tenant}",
    "--gate",
    "${gate}",
]
REPORT: Json = {
    "tenant": "acme",
    "gate": "rls-harness",
    "passed": True,
    "checks": [{"name": "shifts", "passed": True}, {"name": "tenants", "passed": True, "detail": "1 row"}],
}


def place(run: list[str] | None = None, **command: Any) -> Site:
    return site(service={"onboarding": {"run": run or RUN, **command}})


def gate(tmp_path: Path, jobs: Jobs | None = None, kept: Kept | None = None) -> TenantGate:
    local = LocalProcesses(tmp_path, {"PATH": os.environ["PATH"]})
    outputs = Kept() if kept is None else kept
    return TenantGate(jobs=jobs or Jobs(), local=local, outputs=outputs, redactor=Redactor([CANARY]))


async def tried(tmp_path: Path, code: str, **command: Any) -> Outcome:
    """What comes of a command, a real process beside the bot."""
    step = gate(tmp_path)
    run = [sys.executable, "-c", f"import sys, json, signal\n{code}", "${tenant}", "${gate}"]
    there = place(run, runner="local", trusted=True, **command)
    return await step.start(await turn(step, PARAMS, there))


def prints(report: Json | str, *, ends: int = 0) -> str:
    line = report if isinstance(report, str) else json.dumps(report)
    return f"print('looking');print({'onboarding-report: ' + line!r});print('bye');sys.exit({ends})"


def failing(*names: str, **more: Any) -> Json:
    checks = [{"name": name, "passed": False, "detail": f"{name} is wrong"} for name in names]
    return {**REPORT, "passed": False, "checks": [*REPORT["checks"], *checks], **more}


# ---------------------------------------------------------------- planning


async def test_the_plan_says_what_is_run_for_whom_in_the_image_that_runs(tmp_path: Path) -> None:
    planned = (await turn(gate(tmp_path), PARAMS, place(timeout="5m"))).step
    argv = [*RUN[:5], "acme", "--gate", "rls-harness"]
    assert planned.params["argv"] == argv
    assert planned.params["image"] == "registry.example/solvereign-api:v42"
    assert (planned.params["gate"], planned.params["tenant"], planned.params["timeout"]) == (
        "rls-harness",
        "acme",
        300,
    )
    assert planned.shows == (f"rls-harness: {' '.join(argv)} · as a Job in the image v42",)
    assert (planned.cut, planned.changes) == (Cut.RECONCILES, False)


async def test_a_service_without_the_command_can_not_be_onboarded_to(tmp_path: Path) -> None:
    with pytest.raises(PlanningFailed, match="names no `onboarding` command for solvereign-api"):
        await turn(gate(tmp_path), PARAMS, site())


@pytest.mark.parametrize("run", [["x", "${tenant}"], ["x", "${gate}"], ["x", "--tenant=${tenant}", "${gate}"]])
def test_a_command_that_does_not_say_which_is_a_fault_of_the_catalogue(run: list[str]) -> None:
    with pytest.raises(ValidationError, match=r"needs \$\{(gate|tenant)\} as a whole argument"):
        place(run)
    assert Service.model_validate(place().service.model_dump()).onboarding is not None


@pytest.mark.parametrize("tenant", ["../x", "a;b", "a" * 300, "Acme", "acme\n", ""])
def test_what_is_no_tenant_is_never_planned(tmp_path: Path, tenant: str) -> None:
    with pytest.raises(ValidationError):
        TenantGate.params.model_validate({"gate": "rls-harness", "tenant": tenant})


# ---------------------------------------------------------------- verdicts


async def test_a_gate_that_is_passed(tmp_path: Path) -> None:
    done = await tried(tmp_path, prints(REPORT))
    assert isinstance(done, Done)
    assert done.line.startswith("2 checks passed · ")
    assert done.evidence["exit_code"] == 0
    assert done.evidence["report"]["checks"] == [
        {"name": "shifts", "passed": True, "detail": ""},
        {"name": "tenants", "passed": True, "detail": "1 row"},
    ]


async def test_a_gate_that_is_not_passed_names_what_failed(tmp_path: Path) -> None:
    failed = await tried(tmp_path, prints(failing("a", "b", "c", "d"), ends=1))
    assert isinstance(failed, Failed)
    assert failed.reason == (
        "RLS harness failed: 4 of 6 checks. a: a is wrong; b: b is wrong; c: c is wrong; and 1 more."
    )
    assert failed.evidence["report"]["passed"] is False


LIARS = {
    "success without a report": ("print('all well')", "its command said success but gave no report"),
    "nothing at all": ("pass", "its command said success but gave no report"),
    "success, and a report of failure": (prints(failing("a")), "its report says failed, its exit code is 0"),
    "failure, and a report of success": (prints(REPORT, ends=3), "its report says passed, its exit code is 3"),
    "passed although a check failed": (
        prints(failing("a", passed=True)),
        "its report says passed, and that a failed",
    ),
    "failed although no check did": (
        prints({**REPORT, "passed": False}, ends=1),
        "its report says failed, and every check in it passed",
    ),
    "another tenant": (prints({**REPORT, "tenant": "other"}), "its report is about rls-harness of other"),
    "another gate": (prints({**REPORT, "gate": "golden-path"}), "its report is about golden-path of acme"),
    "another release": (
        prints({**REPORT, "commit": "f" * 40}),
        "its report is about release fffffffffff…, and a8005c200000 was asked for",
    ),
    "no check": (prints({**REPORT, "checks": []}), "its report can't be read (checks: Tuple should have at least 1"),
    "a yes in words": (
        prints({**REPORT, "passed": "yes"}),
        "its report can't be read (passed: Input should be a",
    ),
    "no JSON": (prints("{passed}"), "its report can't be read (Invalid JSON"),
    "no object": (prints("[]"), "its report can't be read (Input should be an object"),
    "two reports": (f"{prints(REPORT).rpartition(';')[0]};{prints(REPORT)}", "its report is not one but 2"),
    "an endless line": (
        prints({**REPORT, "more": "x" * 70_000}),
        "its report is longer than 65536 characters",
    ),
}


@pytest.mark.parametrize("liar", LIARS)
async def test_a_command_that_lies_has_not_passed(tmp_path: Path, liar: str) -> None:
    code, said = LIARS[liar]
    failed = await tried(tmp_path, code)
    assert isinstance(failed, Failed), failed
    assert failed.reason.startswith(f"RLS harness is not proven: {said}")


async def test_a_failure_without_a_report_is_believed(tmp_path: Path) -> None:
    failed = await tried(tmp_path, "print('no database'); sys.exit(2)")
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("rls-harness failed: exit code 2 after ")
    assert failed.reason.endswith("Last lines: no database")


async def test_fifty_megabytes_are_cut_and_the_report_at_their_end_counts(tmp_path: Path) -> None:
    kept = Kept()
    step = gate(tmp_path, kept=kept)
    code = f"import sys, json\nfor _ in range(50): sys.stdout.write(('x' * 99 + '\\n') * 10_000)\n{prints(REPORT)}"
    there = place([sys.executable, "-c", code, "${tenant}", "${gate}"], runner="local", trusted=True)
    done = await step.start(await turn(step, PARAMS, there))
    assert isinstance(done, Done), done
    assert 900_000 < sum(map(len, kept.values())) < 1_100_000
    assert len(json.dumps(done.evidence)) < 10_000


async def test_fifty_megabytes_without_a_report_are_no_pass(tmp_path: Path) -> None:
    failed = await tried(tmp_path, "for _ in range(50): sys.stdout.write('x' * 1_000_000)")
    assert isinstance(failed, Failed)
    assert "gave no report" in failed.reason


async def test_one_that_hangs_is_ended_after_its_time_out_whatever_it_has_said(tmp_path: Path) -> None:
    said = "print('onboarding-report: ' + json.dumps(" + repr(REPORT) + "), flush=True); signal.pause()"
    failed = await tried(tmp_path, said, timeout="1s")
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("rls-harness failed: it was ended after its time-out of 1 s.")


async def test_a_secret_in_a_report_is_hidden_in_what_is_kept(tmp_path: Path) -> None:
    kept = Kept()
    report = {**REPORT, "passed": False, "checks": [{"name": "a", "passed": False, "detail": f"key {CANARY}"}]}
    output = f"onboarding-report: {json.dumps(report)}\n"
    jobs = Jobs([JobState(NOW, over=True, exit_code=1, seconds=3)], output=output)
    failed = await _last(gate(tmp_path, jobs, kept))
    assert isinstance(failed, Failed)
    redacted = Redactor([CANARY]).outcome(failed)
    assert isinstance(redacted, Failed)
    assert redacted.reason == f"RLS harness failed: 1 of 1 check. a: key {HIDDEN}."
    assert CANARY not in json.dumps(redacted.evidence)
    assert [CANARY.encode() in data for data in kept.values()] == [False]


# ---------------------------------------------------------------- as a Job


async def _first(step: TenantGate) -> Turn:
    return await turn(step, PARAMS, place())


async def _last(step: TenantGate) -> Outcome:
    *_, outcome = await through(step, await _first(step))
    return outcome


async def test_a_job_gives_its_report_in_its_log(tmp_path: Path) -> None:
    output = f"looking\nonboarding-report: {json.dumps({**REPORT, 'commit': 'a8005c2' + '0' * 33})}\n"
    kept = Kept()
    jobs = Jobs([JobState(NOW), JobState(NOW, over=True, exit_code=0, seconds=3)], output=output)
    done = await _last(gate(tmp_path, jobs, kept))
    assert isinstance(done, Done)
    assert done.line == "2 checks passed · 3 s"
    assert kept == {hashlib.sha256(output.encode()).hexdigest(): output.encode()}


async def test_after_a_cut_the_job_itself_answers(tmp_path: Path) -> None:
    output = f"onboarding-report: {json.dumps(REPORT)}\n"
    step = gate(tmp_path, Jobs([JobState(NOW, over=True, exit_code=0)], output=output))
    assert isinstance(await step.settle(replace(await _first(step), epoch=9)), Done)


async def test_a_job_whose_image_is_gone_is_no_pass(tmp_path: Path) -> None:
    step = gate(tmp_path, Jobs([JobState(NOW, over=True, trouble="its pod is gone")]))
    failed = await _last(step)
    assert isinstance(failed, Failed)
    assert failed.reason == "rls-harness failed: its pod is gone. It printed nothing."


def test_there_are_four() -> None:
    assert [each.value for each in Gate] == [
        "rls-harness",
        "determinism-proof",
        "golden-path",
        "integrations-contract",
    ]
