"""Whether the probes are declared, and passed by what runs now; which step the catalogue chooses for a line."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from aiohttp import web

from bot.adapters.http import HttpxGet, HttpxVerdicts
from runbooks.redaction import Redactor
from runbooks.steps.all_tests import AllTests
from runbooks.steps.base import Site
from runbooks.steps.ci_verdict import CiVerdict
from runbooks.steps.command import Command
from runbooks.steps.http_health import HttpHealth
from runbooks.steps.http_smoke import HttpSmoke
from runbooks.steps.kubernetes.workloads import Denied, Missing, Patch, Ref
from runbooks.steps.probes import ProbesCheck
from runbooks.steps.smoke import Smoke
from runbooks.vocabulary import Done, Failed, Json, Pending, PlanningFailed
from sandbox.service import manifests
from tests.steps.clusters import changed
from tests.steps.kube import Kube
from tests.steps.places import later, site, through, turn
from tests.steps.web import answering

QUICK = {"passes": 2, "interval": "1s", "timeout": "5s"}


def running(*, wanted: int = 3, ready: int = 3, **spec: Any) -> Json:
    """The sample service's Deployment, as a cluster shows it."""
    raw = manifests.deployment("solvereign-production", version="v41", replicas=wanted)
    raw["metadata"]["managedFields"] = []
    return changed({**raw, "status": {"readyReplicas": ready} if ready else {}}, **spec)


class Cluster:
    """One Deployment, as it is read; or why it can't be."""

    def __init__(self, found: Json | Exception) -> None:
        self.found = found

    async def read(self, ref: Ref) -> Json:
        assert ref == Ref("main", "solvereign-production", "solvereign-api")
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> Json:
        raise AssertionError("it changes nothing")

    async def names(self, ref: Ref) -> tuple[str, ...]:
        return ()

    async def replica_sets(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        return ()

    async def pods(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        return ()

    async def events(self, ref: Ref, uid: str) -> tuple[Json, ...]:
        return ()

    async def tail(self, ref: Ref, pod: str, container: str, *, previous: bool, lines: int = 20) -> tuple[str, ...]:
        return ()

    async def config_map(self, ref: Ref, name: str) -> Json | None:
        return None


@pytest.fixture
async def health() -> AsyncIterator[HttpHealth]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield HttpHealth(HttpxGet(client), Redactor([]))


def place(url: str = "http://127.0.0.1:1") -> Site:
    return site(environment={"url": url, "health": QUICK})


async def failure(health: HttpHealth, found: Json | Exception) -> str:
    step = ProbesCheck(Cluster(found), health=health)
    outcome = await step.start(await turn(step, {}, place()))
    assert isinstance(outcome, Failed), outcome
    return outcome.reason


def without(*probes: str) -> Json:
    raw = running()
    container = raw["spec"]["template"]["spec"]["containers"][0]
    for probe in probes:
        del container[probe]
    return raw


async def test_declared_ready_and_answering(health: HttpHealth) -> None:
    step = ProbesCheck(Cluster(running()), health=health)
    async with answering(lambda _: web.Response()) as url:
        first = await turn(step, {}, place(url))
        waits, done = await through(step, first)

    assert first.step.shows == ("/health/live, /health/ready · 2 good rounds in a row, within 5 s",)
    assert isinstance(waits, Pending)
    assert waits.line == "ready 1 of 2"
    assert isinstance(done, Done)
    assert done.line == ("readiness and liveness declared · 3 of 3 pods ready · /health/live, /health/ready · 2 of 2")
    assert (done.evidence["passes"], done.evidence["ready"]) == (2, 3)


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        (("readinessProbe",), "no readiness probe"),
        (("livenessProbe",), "no liveness probe"),
        (("readinessProbe", "livenessProbe"), "no readiness and no liveness probe"),
    ],
)
async def test_a_container_without_a_probe_is_named(health: HttpHealth, lacking: tuple[str, ...], words: str) -> None:
    assert await failure(health, without(*lacking)) == (
        f"Container api of Deployment solvereign-api declares {words}. Declare it and deploy again."
    )


async def test_a_sidecar_is_not_ours_to_judge(health: HttpHealth) -> None:
    raw = running()
    raw["spec"]["template"]["spec"]["containers"].append({"name": "proxy", "image": "proxy:1"})
    step = ProbesCheck(Cluster(raw), health=health)
    async with answering(lambda _: web.Response()) as url:
        last = (await through(step, await turn(step, {}, place(url))))[-1]

    assert last.kind == "done"


async def test_what_can_not_be_probed_is_said(health: HttpHealth) -> None:
    assert await failure(health, running(wanted=0, ready=0)) == (
        "Deployment solvereign-api has zero replicas (scaled down by a person or by an autoscaler): "
        "nothing runs that could be probed."
    )
    assert await failure(health, running(paused=True)) == (
        "Deployment solvereign-api is paused, so what runs is not what it declares. Resume it first."
    )
    assert await failure(health, Missing("solvereign-api")) == (
        "There is no Deployment solvereign-api in solvereign-production."
    )
    assert await failure(health, Denied("It may not be read.")) == "It may not be read."


async def test_pods_that_are_not_ready_are_waited_for_and_then_told(health: HttpHealth) -> None:
    step = ProbesCheck(Cluster(running(ready=2)), health=health)
    first = await turn(step, {}, place())
    waits = await step.start(first)
    last = await step.check(later(first, 5), waits.token if isinstance(waits, Pending) else {})

    assert isinstance(waits, Pending)
    assert waits.line == "2 of 3 pods of solvereign-api are ready"
    assert isinstance(last, Failed)
    assert last.reason == (
        "Only 2 of 3 pods of solvereign-api are ready, after 5 s. Mend what runs now before it is replaced."
    )


async def test_ready_pods_whose_paths_do_not_answer_fail(health: HttpHealth) -> None:
    step = ProbesCheck(Cluster(running()), health=health)
    async with answering(lambda _: web.Response(status=503, text="no database")) as url:
        last = (await through(step, await turn(step, {}, place(url))))[-1]

    assert isinstance(last, Failed)
    assert last.reason == "/health/live answered 503 for 5 s: no database"


@pytest.mark.cluster
async def test_in_a_cluster_what_is_read_is_what_was_made(kube: Kube, health: HttpHealth) -> None:
    await kube.create("v41", replicas=2)
    await kube.settled(pods=False)
    step = ProbesCheck(kube.workloads, health=health)
    at = kube.site()
    at = replace(at, environment=at.environment.model_copy(update={"url": "http://127.0.0.1:1"}))
    outcome = await step.start(await turn(step, {}, at))

    assert isinstance(outcome, Pending)
    assert outcome.line == "0 of 2 pods of solvereign-api are ready"


# ------------------------------------------------------------------ what the catalogue chooses


class Nothing:
    """Neither runs nor keeps anything: only plans are made here."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not for planning")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def command() -> Command:
    return Command(jobs=Nothing(), local=Nothing(), outputs=Nothing(), redactor=Redactor([]))


RUNS = {"commands": {"smoke": {"run": ["smoke", "--url", "${url}"]}, "tests": {"run": ["pytest"], "tests": True}}}
URL = {"url": "http://api.example"}


async def test_a_command_that_does_not_know_the_version_says_so(client: httpx.AsyncClient, command: Command) -> None:
    step = Smoke(HttpSmoke(HttpxGet(client), Redactor([])), command=command)
    resolved = await step.resolve(step.params(), site(environment=URL, service=RUNS))

    assert (resolved.uses, resolved.params["argv"]) == ("command", ["smoke", "--url", "http://api.example"])
    assert resolved.params["note"] == resolved.shows[-1] == "not pinned to the new pods"


async def test_a_command_that_is_told_the_version_can_tell(client: httpx.AsyncClient, command: Command) -> None:
    step = Smoke(HttpSmoke(HttpxGet(client), Redactor([])), command=command)
    told = {"commands": {"smoke": {"run": ["smoke", "--version", "${version}"]}}}
    resolved = await step.resolve(step.params(), site(environment=URL, service=told))

    assert (resolved.uses, "note" in resolved.params) == ("command", False)


@pytest.mark.parametrize("declared", [{"smoke": [{"path": "/"}]}, {"version-path": "/version"}])
async def test_declared_checks_stand_in_for_the_command(
    client: httpx.AsyncClient, command: Command, declared: dict[str, Any]
) -> None:
    step = Smoke(HttpSmoke(HttpxGet(client), Redactor([])), command=command)
    resolved = await step.resolve(step.params(), site(environment=URL, service={**RUNS, **declared}))

    assert resolved.uses == "http.smoke"


async def test_the_tests_are_a_command_or_the_verdict_of_ci(client: httpx.AsyncClient, command: Command) -> None:
    step = AllTests(CiVerdict(HttpxVerdicts(client, str), Redactor([])), command=command)
    asked = {"ci": {"url": "https://ci.example/{commit}"}}

    by_command = await step.resolve(step.params(), site(service=RUNS))
    by_ci = await step.resolve(step.params(), site(service={**RUNS, **asked}))

    assert (by_command.uses, by_command.params["tests"]) == ("command", True)
    assert (by_ci.uses, by_ci.params["url"]) == ("ci.verdict", f"https://ci.example/{site().commit}")
    with pytest.raises(PlanningFailed, match="has no command “tests”"):
        await step.resolve(step.params(), site())
