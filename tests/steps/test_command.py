"""`command` as a Job and beside the bot: what passes, what fails, what is kept of it."""

import hashlib
import os
import re
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.processes.runner import LocalProcesses
from runbooks.redaction import HIDDEN
from runbooks.steps.base import Turn
from runbooks.steps.command import Command, JobState
from runbooks.vocabulary import Done, Failed, NotDone, Pending
from tests.steps.commanding import CANARY, Jobs, Kept, place, with_jobs
from tests.steps.places import NOW, later, through, turn


@pytest.fixture
def step(kept: Kept, local: LocalProcesses) -> Command:
    return with_jobs(Jobs(), kept, local)


# ---------------------------------------------------------------- as a Job


async def at(step: Command) -> Turn:
    return await turn(step, {"command": "tests"}, place())


async def test_a_job_that_passes(kept: Kept, local: LocalProcesses) -> None:
    running = [
        JobState(NOW),
        JobState(NOW, tail=f"....\nusing {CANARY}\n"),
        JobState(NOW, over=True, exit_code=0, seconds=48.2),
    ]
    jobs = Jobs(running, output=f"key {CANARY}\n412 passed, 0 failed in 3 s\n")
    step = with_jobs(jobs, kept, local)
    answers = await through(step, await at(step))
    waits = [(a.check_at, a.line) for a in answers if isinstance(a, Pending)]
    seconds = [(moment - NOW).total_seconds() for moment, _ in waits]
    assert seconds == [1, 3, 5]
    assert [line for _, line in waits] == ["starting", "starting", f"using {HIDDEN}"]
    done = answers[-1]
    assert isinstance(done, Done)
    assert done.line == "412 passed · 48 s"
    output = f"key {HIDDEN}\n412 passed, 0 failed in 3 s\n".encode()
    assert done.evidence == {
        "command": "tests",
        "exit_code": 0,
        "seconds": 48.2,
        "tests": True,
        "counts": {"passed": 412},
        "output": hashlib.sha256(output).hexdigest(),
        "tail": [f"key {HIDDEN}", "412 passed, 0 failed in 3 s"],
    }
    assert kept == {done.evidence["output"]: output}
    assert jobs.ended == []


@pytest.mark.parametrize(
    ("state", "output", "reason"),
    [
        (
            JobState(NOW, over=True, exit_code=1, seconds=48),
            "a\nb\nc\n1 failed in 2 s\n",
            "tests failed: exit code 1 after 48 s. Last lines: b / c / 1 failed in 2 s",
        ),
        (
            JobState(NOW, over=True, exit_code=137, seconds=5, trouble="it ran out of memory"),
            "",
            "tests failed: exit code 137 after 5 s, it ran out of memory. It printed nothing.",
        ),
        (
            JobState(NOW, over=True, trouble="its pod is gone"),
            "",
            "tests failed: its pod is gone. It printed nothing.",
        ),
    ],
)
async def test_a_job_that_fails(kept: Kept, local: LocalProcesses, state: JobState, output: str, reason: str) -> None:
    step = with_jobs(Jobs([state], output), kept, local)
    *_, failed = await through(step, await at(step))
    assert isinstance(failed, Failed)
    assert failed.reason == reason
    assert failed.evidence["exit_code"] == state.exit_code


async def test_no_summary_leaves_the_exit_code(kept: Kept, local: LocalProcesses) -> None:
    step = with_jobs(Jobs([JobState(NOW, over=True, exit_code=0, seconds=48)], "ok\n"), kept, local)
    *_, done = await through(step, await at(step))
    assert isinstance(done, Done)
    assert done.line == "exit 0 · 48 s"


async def test_a_time_out_ends_the_job_and_keeps_what_it_printed(kept: Kept, local: LocalProcesses) -> None:
    jobs = Jobs([JobState(NOW, tail="x\n")], "half\n")
    step = with_jobs(jobs, kept, local)
    *_, failed = await through(step, await at(step))
    assert isinstance(failed, Failed)
    assert failed.reason == "tests failed: it was ended after its time-out of 10 m. Last lines: half"
    assert kept[failed.evidence["output"]] == b"half\n"
    assert [task.name for task in jobs.ended] == [jobs.started[0].name]


@pytest.mark.parametrize(("wants_room", "patience"), [(False, 20), (True, 300)])
async def test_a_job_that_can_not_start_is_given_up_after_a_grace(
    kept: Kept, local: LocalProcesses, wants_room: bool, patience: int
) -> None:
    stuck = JobState(NOW, trouble="its image can't be pulled", wants_room=wants_room)
    jobs = Jobs([stuck])
    step = with_jobs(jobs, kept, local)
    answers = await through(step, await at(step))
    waited = [a for a in answers if isinstance(a, Pending)]
    assert {a.line for a in waited} == {"starting", "its image can't be pulled"}
    assert waited[-1].check_at - waited[0].check_at >= timedelta(seconds=patience)
    assert waited[-2].check_at - waited[0].check_at < timedelta(seconds=patience)
    assert isinstance(answers[-1], Failed)
    assert answers[-1].reason == "tests failed: its image can't be pulled. It printed nothing."
    assert len(jobs.ended) == 1


async def test_a_job_that_lacks_its_secret_is_given_up_at_once(kept: Kept, local: LocalProcesses) -> None:
    why = 'its container can\'t be set up in opsbot-jobs: secret "api-jobs" not found (CreateContainerConfigError)'
    jobs = Jobs([JobState(NOW), JobState(NOW, trouble=why, hopeless=True)])
    step = with_jobs(jobs, kept, local)
    *waited, failed = await through(step, await at(step))
    assert len(waited) == 2
    assert failed == replace(failed, reason=f"tests failed: {why}. It printed nothing.")
    assert len(jobs.ended) == 1


async def test_trouble_that_passes_is_forgotten(kept: Kept, local: LocalProcesses) -> None:
    stuck, fine = JobState(NOW, trouble="no pod yet"), JobState(NOW)
    jobs = Jobs([*[stuck] * 8, fine, *[stuck] * 8, JobState(NOW, over=True, exit_code=0)])
    step = with_jobs(jobs, kept, local)
    *_, done = await through(step, await at(step))
    assert isinstance(done, Done)


async def test_a_job_that_is_gone_is_no_success(kept: Kept, local: LocalProcesses) -> None:
    step = with_jobs(Jobs([None]), kept, local)
    *_, failed = await through(step, await at(step))
    assert isinstance(failed, Failed)
    assert failed.reason == "tests: its Job is gone from the cluster, so what came of it is not known."


async def test_a_refusal_of_the_cluster_is_the_reason(kept: Kept, local: LocalProcesses) -> None:
    step = with_jobs(Jobs(refused="The cluster main has no namespace x."), kept, local)
    first = await at(step)
    assert await step.start(first) == Failed("tests did not start. The cluster main has no namespace x.")
    looked = await step.settle(first)
    assert looked == Failed("What came of tests is not known. The cluster main has no namespace x.")
    assert await step.abandon(first) == "its Job could not be ended (The cluster main has no namespace x)"


async def test_after_a_cut_the_job_itself_answers(kept: Kept, local: LocalProcesses) -> None:
    states = [None, JobState(NOW), JobState(NOW, over=True, exit_code=0)]
    step = with_jobs(Jobs(states), kept, local)
    first = await at(step)
    assert await step.settle(first) == NotDone()
    assert isinstance(await step.settle(first), Pending)
    assert isinstance(await step.settle(first), Done)


async def test_giving_up_ends_the_job(kept: Kept, local: LocalProcesses) -> None:
    jobs = Jobs()
    step = with_jobs(jobs, kept, local)
    assert await step.abandon(await at(step)) == "the Job was ended"
    assert [task.step for task in jobs.ended] == ["the-step"]


async def test_every_attempt_at_a_step_has_the_same_name_and_no_other_step_has_it(
    kept: Kept, local: LocalProcesses
) -> None:
    jobs = Jobs()
    step = with_jobs(jobs, kept, local)
    first = await at(step)
    others = [
        replace(first, began_at=NOW + timedelta(days=1)),
        replace(first, site=replace(first.site, run="D-108")),
        replace(first, step=replace(first.step, id="x" * 90 + "Ü.y")),
    ]
    for one in (first, replace(later(first, 60), epoch=9), *others):
        await step.start(one)
    names = [task.name for task in jobs.started]
    assert names[0] == names[1]
    assert len(set(names)) == 1 + len(others)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name) and len(name) <= 57 for name in names)
    assert names[0].startswith("opsbot-d-107-the-step-")


# ---------------------------------------------------------------- beside the bot


def beside(code: str, **command: object):
    run = {"run": [sys.executable, "-c", code], "runner": "local", "trusted": True, **command}
    return place({"tests": run})


async def test_a_process_beside_the_bot_is_told_of_and_kept(step: Command, kept: Kept, tmp_path: Path) -> None:
    told: list[str] = []
    os.mkfifo(heard := tmp_path / "heard")

    async def hear(line: str) -> None:
        told.append(line)
        heard.write_text("yes")

    code = f"print('3 passed in 0.1s with password={CANARY}', flush=True); open({str(heard)!r}).read()"
    first = await turn(step, {"command": "tests"}, beside(code), report=hear)
    done = await step.start(first)
    assert isinstance(done, Done)
    assert done.line.startswith("3 passed · ")
    assert kept[done.evidence["output"]].decode() == f"3 passed in 0.1s with password={HIDDEN}\n"
    assert told == [f"3 passed in 0.1s with password={HIDDEN}"]
    assert await step.abandon(first) == ""


async def test_a_process_that_can_not_start_or_fails_is_said(step: Command) -> None:
    missing = place({"tests": {"run": ["no-such-program"], "runner": "local", "trusted": True}})
    failed = await step.start(await turn(step, {"command": "tests"}, missing))
    assert isinstance(failed, Failed)
    assert failed.reason == (
        "tests failed: no-such-program could not be started: No such file or directory. It printed nothing."
    )
    late = await step.start(
        await turn(step, {"command": "tests"}, beside("import signal; signal.pause()", timeout="1s"))
    )
    assert isinstance(late, Failed)
    assert late.reason == "tests failed: it was ended after its time-out of 1 s. It printed nothing."
