"""What a `command` step plans: exactly what is run, where, and what is done after a cut."""

from dataclasses import replace

import pytest

from bot.adapters.processes.runner import LocalProcesses
from runbooks.steps.command import Command
from runbooks.vocabulary import Cut, Json, PlanningFailed
from tests.steps.commanding import Jobs, Kept, place, with_jobs
from tests.steps.places import turn


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def step(jobs: Jobs, kept: Kept, local: LocalProcesses) -> Command:
    return with_jobs(jobs, kept, local)


async def test_the_plan_says_exactly_what_is_run(step: Command) -> None:
    tests = (await turn(step, {"command": "tests"}, place())).step
    assert tests.shows == ("tests: python -m pytest backend_py/ · as a Job in the image v42",)
    assert tests.params == {
        "command": "tests",
        "runner": "job",
        "image": "registry.example/solvereign-api:v42",
        "argv": ["python", "-m", "pytest", "backend_py/"],
        "env": {},
        "timeout": 600,
        "tests": True,
    }
    assert (tests.cut, tests.changes) == (Cut.RECONCILES, False)


async def test_what_the_cluster_fills_in_is_named_and_not_known(step: Command, jobs: Jobs) -> None:
    references = {"secrets": {"DATABASE_URL": "api-jobs/url"}, "config-maps": {"LEVEL": "api/level"}}
    there = place({"tests": {"run": ["x"], "env": {"A": "b"}, **references}})
    planned = await turn(step, {"command": "tests"}, there)
    assert planned.step.shows[1] == (
        "with A=b, DATABASE_URL from the Secret api-jobs/url, LEVEL from the ConfigMap api/level"
    )
    await step.start(planned)
    (task,) = jobs.started
    assert (task.env, task.secrets, task.config_maps) == (
        {"A": "b"},
        {"DATABASE_URL": "api-jobs/url"},
        {"LEVEL": "api/level"},
    )


async def test_three_names_stand_for_whole_values(step: Command) -> None:
    smoke = (await turn(step, {"command": "smoke", "changes": True}, place())).step
    commit = "a8005c2" + "0" * 33
    assert smoke.params["argv"] == ["smoke", "https://api.example", "v42"]
    assert smoke.shows == (
        "smoke: smoke https://api.example v42 · as a Job in the image v42",
        f"with COMMIT={commit}",
    )
    assert smoke.changes


@pytest.mark.parametrize(
    ("name", "command", "said"),
    [
        ("test", {"run": ["x"]}, "has no command “test” in the catalogue. Did you mean “tests”?"),
        ("zzz", {"run": ["x"]}, "has no command “zzz” in the catalogue. It has: tests."),
        ("tests", {"run": ["x", "${env}"]}, "has '${env}' in the catalogue. Only ${url}, ${version}, ${commit}"),
        ("tests", {"run": ["x", "at ${url}"]}, "only as a whole argument or value"),
        ("tests", {"run": ["x"], "env": {"A": "${url}/x"}}, "has '${url}/x' in the catalogue"),
        ("tests", {"run": ["x"], "runner": "local"}, "Give it `runner: job`, or let a person who vouches for it"),
    ],
)
async def test_what_can_not_be_planned_says_what_to_do(step: Command, name: str, command: Json, said: str) -> None:
    with pytest.raises(PlanningFailed) as fault:
        await turn(step, {"command": name}, place({"tests": command}))
    assert said in fault.value.sentence


async def test_a_name_without_a_value_is_a_fault(step: Command) -> None:
    with pytest.raises(PlanningFailed, match=r"needs \$\{url\}, which production has no value for"):
        await turn(step, {"command": "smoke"}, place(url=None))
    unnamed = replace(place(), version="")
    with pytest.raises(PlanningFailed, match="The version that names the image of solvereign-api is not known"):
        await turn(step, {"command": "tests"}, unnamed)


@pytest.mark.parametrize(
    ("command", "production", "cut"),
    [
        ({"trusted": True}, True, Cut.PARKS),
        ({"trusted": True, "repeatable": True}, True, Cut.IDEMPOTENT),
        ({}, False, Cut.PARKS),
    ],
)
async def test_beside_the_bot_it_parks_unless_it_may_be_repeated(
    step: Command, command: Json, production: bool, cut: Cut
) -> None:
    there = place({"tests": {"run": ["x"], "runner": "local", **command}}, production=production)
    planned = (await turn(step, {"command": "tests"}, there)).step
    assert planned.cut is cut
    assert planned.shows == ("tests: x · beside the bot",)
