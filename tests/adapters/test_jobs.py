"""Jobs on a real control plane, run as processes by the sandbox's node, with the rights that the bot really has."""

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
import pytest_asyncio

from bot.adapters.jobs.runner import KubernetesJobs
from bot.adapters.kubernetes.client import Address, Clusters, path
from bot.adapters.processes.runner import LocalProcesses
from runbooks.redaction import HIDDEN, Redactor
from runbooks.steps.command import Command, Ending, JobRefused, JobState, Task
from runbooks.vocabulary import Done, Fenced, NotDone, Outcome, Pending, Unreachable
from sandbox.cluster.control_plane import ControlPlane
from sandbox.node import Node
from sandbox.service import manifests
from sandbox.waiting import until
from tests.adapters.tasks import task
from tests.fixtures.node import running_node
from tests.steps.places import site, turn

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]

NAMESPACE = "opsbot-jobs"
FOR_EVER = "import signal; print('begun', flush=True); signal.pause()"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def node(control_plane: ControlPlane, service_repository: Path, image_cache: Path) -> AsyncIterator[Node]:
    async with running_node(control_plane, repository=service_repository, cache=image_cache) as node:
        yield node


@pytest_asyncio.fixture(loop_scope="module")
async def jobs(control_plane: ControlPlane) -> AsyncIterator[KubernetesJobs]:
    addresses = {"main": Address(control_plane.opsbot_kubeconfig), "gone": Address(Path("/nonexistent"))}
    async with Clusters(addresses) as clusters:
        yield KubernetesJobs(clusters, {"main": NAMESPACE, "gone": NAMESPACE})


def python(code: str, **env: str) -> Task:
    return task("python", "-S", "-c", code, **env)


async def ended(jobs: KubernetesJobs, job: Task) -> JobState:
    async def over() -> JobState | None:
        state = await jobs.look(job)
        return state if state and state.over else None

    return await until(over, seconds=60, what="the Job is over")


async def at_work(jobs: KubernetesJobs, job: Task) -> JobState:
    async def running() -> JobState | None:
        state = await jobs.look(job)
        return state if state and state.tail else None

    return await until(running, seconds=60, what="the Job prints")


async def test_a_command_runs_as_a_job_and_says_what_came_of_it(jobs: KubernetesJobs) -> None:
    code = "import os, sys; print(os.environ['LEVEL'], sys.argv[1:]); print('bad', file=sys.stderr); sys.exit(3)"
    job = task("python", "-S", "-c", code, "$(LEVEL)", "$$", LEVEL="$(HOME) high")
    await jobs.start(job)
    state = await ended(jobs, job)
    assert (state.exit_code, state.trouble) == (3, "")
    assert sorted((await jobs.output(job)).splitlines()) == ["$(HOME) high ['$(LEVEL)', '$$']", "bad"]


async def test_a_job_that_works_shows_its_last_lines(jobs: KubernetesJobs) -> None:
    job = python(FOR_EVER)
    await jobs.start(job)
    state = await at_work(jobs, job)
    assert (state.over, state.tail, state.trouble) == (False, "begun\n", "")
    assert await jobs.end(job) is Ending.ENDED


async def test_two_starts_are_one_job(jobs: KubernetesJobs, control_plane: ControlPlane) -> None:
    job = python("print('once')")
    await jobs.start(job)
    await jobs.start(replace(job, epoch=8))
    await ended(jobs, job)
    assert await jobs.output(job) == "once\n"
    assert len(names(control_plane, "pods", f"batch.kubernetes.io/job-name={job.name}")) == 1


def names(control_plane: ControlPlane, kind: str, selector: str) -> list[str]:
    return control_plane.kubectl(
        "get", kind, "--namespace", NAMESPACE, "--selector", selector, "--output", "name"
    ).split()


async def test_ending_takes_the_pod_and_no_late_start_brings_it_back(
    jobs: KubernetesJobs, control_plane: ControlPlane
) -> None:
    job = python(FOR_EVER)
    await jobs.start(job)
    await at_work(jobs, job)
    assert await jobs.end(replace(job, epoch=9)) is Ending.ENDED
    with pytest.raises(Fenced):
        await jobs.start(job)
    with pytest.raises(Fenced):
        await jobs.look(job)
    assert names(control_plane, "pods", f"batch.kubernetes.io/job-name={job.name}") == []
    state = await jobs.look(replace(job, epoch=9))
    assert state is not None
    assert (state.over, state.exit_code, state.trouble) == (True, None, "it was ended before")
    assert await jobs.end(replace(job, epoch=10)) is Ending.NOTHING


async def test_what_never_began_is_kept_from_beginning(jobs: KubernetesJobs, control_plane: ControlPlane) -> None:
    job = python("print('late')")
    assert await jobs.look(job) is None
    assert await jobs.end(replace(job, epoch=9)) is Ending.NOTHING
    with pytest.raises(Fenced):
        await jobs.start(job)
    control_plane.kubectl(
        "wait", "--namespace", NAMESPACE, "--for=condition=complete", f"job/{job.name}", "--timeout=30s"
    )
    assert names(control_plane, "pods", f"batch.kubernetes.io/job-name={job.name}") == []


async def test_what_is_over_stays_as_it_is(jobs: KubernetesJobs) -> None:
    job = python("print('done')")
    await jobs.start(job)
    await ended(jobs, job)
    assert await jobs.end(replace(job, epoch=9)) is Ending.NOTHING
    assert (await ended(jobs, replace(job, epoch=9))).exit_code == 0
    assert await jobs.output(job) == "done\n"


async def test_an_image_that_is_not_there_is_said(jobs: KubernetesJobs) -> None:
    job = task("python", "-c", "pass", version="v999")
    await jobs.start(job)

    async def troubled() -> str:
        state = await jobs.look(job)
        return state.trouble if state and "image" in state.trouble else ""

    assert (await until(troubled, what="trouble")).startswith("its image can't be pulled (")
    assert await jobs.output(job) == ""
    await jobs.end(job)


async def test_a_refused_pod_is_said(jobs: KubernetesJobs, control_plane: ControlPlane) -> None:
    quota = f"quota-{uuid.uuid4().hex[:8]}"
    control_plane.kubectl("create", "quota", quota, "--namespace", NAMESPACE, "--hard=pods=0")
    try:
        job = python("pass")
        await jobs.start(job)

        async def troubled() -> str:
            state = await jobs.look(job)
            return state.trouble if state and "quota" in state.trouble else ""

        assert await until(troubled, what="trouble") == "the quota of its namespace is used up"
        await jobs.end(job)
    finally:
        control_plane.kubectl("delete", "quota", quota, "--namespace", NAMESPACE)


async def test_a_job_has_no_rights_no_secrets_and_no_second_try(
    jobs: KubernetesJobs, control_plane: ControlPlane
) -> None:
    job = python("import sys; sys.exit(1)")
    await jobs.start(job)
    await ended(jobs, job)
    spec = "{.spec.backoffLimit} {.spec.activeDeadlineSeconds} {.spec.ttlSecondsAfterFinished}"
    pod = "{.serviceAccountName} {.automountServiceAccountToken} {.restartPolicy} {.volumes} {.securityContext}"
    one = ["get", "job", "--namespace", NAMESPACE, job.name, "--output"]
    assert control_plane.kubectl(*one, f"jsonpath={spec}") == "0 120 86400"
    found = control_plane.kubectl(*one, f"jsonpath={pod.replace('{.', '{.spec.template.spec.')}")
    assert found.startswith("opsbot-job false Never  {")
    assert '"runAsNonRoot":true' in found


@pytest.fixture
def listed(control_plane: ControlPlane) -> Iterator[str]:
    """A Secret that deploy/kubernetes/limits.yaml lets Jobs have; a test may make it."""
    name = "solvereign-smoke"
    yield name
    control_plane.kubectl("delete", "secret", name, "--namespace", NAMESPACE, "--ignore-not-found")


async def test_what_it_names_is_filled_in_by_the_cluster(
    jobs: KubernetesJobs, control_plane: ControlPlane, listed: str
) -> None:
    made = {"secret": ["generic", listed, "--from-literal=url=postgresql://made-up"], "configmap": [listed]}
    made["configmap"].append("--from-literal=level=$(HOME) high")
    for kind, arguments in made.items():
        control_plane.kubectl("create", kind, *arguments, "--namespace", NAMESPACE)
    code = "import os; print(os.environ['DATABASE_URL'], os.environ['LEVEL'], os.environ['PLAIN'])"
    given = {"secrets": {"DATABASE_URL": f"{listed}/url"}, "config_maps": {"LEVEL": f"{listed}/level"}}
    job = replace(python(code, PLAIN="text"), **given)
    await jobs.start(job)
    assert (await ended(jobs, job)).exit_code == 0
    assert await jobs.output(job) == "postgresql://made-up $(HOME) high text\n"
    spec = control_plane.kubectl("get", "job", "--namespace", NAMESPACE, job.name, "--output=yaml")
    assert "postgresql" not in spec


@pytest.mark.parametrize("key", ["other", "url"])
async def test_a_secret_that_is_not_there_is_said_at_once(
    jobs: KubernetesJobs, control_plane: ControlPlane, key: str, listed: str
) -> None:
    said = f'secret "{listed}" not found'
    if key == "other":
        control_plane.kubectl("create", "secret", "generic", listed, "--from-literal=url=x", "--namespace", NAMESPACE)
        said = f"couldn't find key other in Secret {NAMESPACE}/{listed}"
    job = replace(python("pass"), secrets={"DATABASE_URL": f"{listed}/{key}"})
    await jobs.start(job)

    async def hopeless() -> str:
        state = await jobs.look(job)
        return state.trouble if state and state.hopeless else ""

    assert await until(hopeless, what="the trouble") == (
        f"its container can't be set up in {NAMESPACE}: {said} (CreateContainerConfigError)"
    )
    await jobs.end(job)


async def test_a_secret_that_no_administrator_listed_is_refused(jobs: KubernetesJobs) -> None:
    job = replace(python("pass"), secrets={"DATABASE_URL": "opsbot/OPSBOT_DATABASE_URL"})
    with pytest.raises(JobRefused) as refused:
        await jobs.start(job)
    assert str(refused.value) == (
        f"The cluster main refused the change of Job {job.name}: the admission policy opsbot-jobs forbids it, as the "
        "ConfigMap opsbot-limits does not name its Secret; an administrator can add it there."
    )


async def test_the_bot_itself_can_not_read_a_secret_of_its_jobs(control_plane: ControlPlane) -> None:
    async with Clusters({"main": Address(control_plane.opsbot_kubeconfig)}) as clusters:
        answer = await clusters.send("main", "GET", path("api", "v1", "namespaces", NAMESPACE, "secrets"))
    assert answer.status == HTTPStatus.FORBIDDEN


async def test_long_output_keeps_its_ends(jobs: KubernetesJobs) -> None:
    job = python("for n in range(200_000): print('line', n)")
    await jobs.start(job)
    await ended(jobs, job)
    lines = (await jobs.output(job)).splitlines()
    assert (lines[0], lines[-1]) == ("line 0", "line 199999")
    assert lines.count("… some of the output is left out here …") == 1


async def test_a_namespace_that_is_not_there_and_a_cluster_that_is_gone_are_told_apart(
    control_plane: ControlPlane, jobs: KubernetesJobs
) -> None:
    async with Clusters({"main": Address(control_plane.admin_kubeconfig)}) as clusters:
        with pytest.raises(JobRefused, match="has no namespace nowhere"):
            await KubernetesJobs(clusters, {"main": "nowhere"}).start(python("pass"))
    with pytest.raises(Unreachable):
        await jobs.start(replace(python("pass"), cluster="gone"))


async def test_a_right_that_is_missing_is_said(control_plane: ControlPlane) -> None:
    async with Clusters({"main": Address(control_plane.opsbot_kubeconfig)}) as clusters:
        with pytest.raises(JobRefused, match="no right"):
            await KubernetesJobs(clusters, {"main": "default"}).start(python("pass"))


class Kept(dict[str, bytes]):
    async def put(self, data: bytes) -> str:
        self["only"] = data
        return "only"


async def test_a_bot_that_is_cut_off_finds_the_jobs_outcome_and_runs_nothing_twice(
    jobs: KubernetesJobs, tmp_path: Path
) -> None:
    """The effect is counted by the command's own file; the late start is that of a bot that was stopped meanwhile."""
    code = f"print('9 passed in 0.1s', file=open({str(tmp_path / 'effects')!r}, 'a')); print('9 passed in 0.1s')"
    commands = {"tests": {"run": ["python", "-S", "-c", code]}}
    place = site(service={"commands": commands, "image": manifests.IMAGE}, version="v41", run=f"D-{uuid.uuid4().hex}")
    step = Command(
        jobs=jobs, local=LocalProcesses(tmp_path, {}), outputs=(kept := Kept()), redactor=Redactor(["9 passed"])
    )
    first = replace(await turn(step, {"command": "tests"}, place), began_at=datetime.now(UTC), now=datetime.now(UTC))
    assert await step.settle(first) == NotDone()
    assert isinstance(await step.start(first), Pending)

    async def settled() -> Outcome | None:
        found = await step.settle(replace(first, epoch=8))
        return found if isinstance(found, Done) else None

    done = await until(settled, seconds=60, what="the Job's outcome")
    assert isinstance(done, Done)
    assert isinstance(await step.start(first), Pending)
    assert await step.check(replace(first, epoch=9), {}) == done
    assert done.evidence["tail"] == [f"{HIDDEN} in 0.1s"]
    assert kept == {"only": f"{HIDDEN} in 0.1s\n".encode()}
    assert (tmp_path / "effects").read_text() == "9 passed in 0.1s\n"
