"""Rollouts and restores with pods that really run: well, crashing, never ready, without an image, and disturbed."""

import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.lkg_update import LkgUpdate
from runbooks.steps.migrations.database import Row
from runbooks.vocabulary import Done, Failed, Json, KnownGood, Outcome, Pending
from sandbox.node import Node
from sandbox.node.images import digest_of
from sandbox.service.repository import commit_of
from sandbox.waiting import until
from tests.steps.kube import API, WORKER, Kube, image, images, json_patch, planned, watched
from tests.steps.places import NOW
from tests.steps.pods import kube, node
from tests.steps.restoring import NO_DATABASES, all_seen

__all__ = ["kube", "node"]  # fixtures

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]


async def rolled(kube: Kube, version: str, **rollout: str) -> tuple[Outcome, list[str]]:
    """Deploy a version to where v41 runs, and watch it to its end."""
    step = Rollout(kube.workloads)
    turn = await planned(step, replace(kube.site(rollout=rollout), version=version))
    return await watched(step, turn, await step.start(turn))


async def begun(kube: Kube, version: str, **rollout: str) -> tuple[Rollout, Turn, Pending]:
    step = Rollout(kube.workloads)
    turn = await planned(step, replace(kube.site(rollout=rollout), version=version))
    outcome = await step.start(turn)
    assert isinstance(outcome, Pending)
    return step, turn, outcome


async def test_a_good_version(kube: Kube) -> None:
    await kube.create("v41", replicas=2)
    await kube.settled()
    outcome, lines = await rolled(kube, "v42")
    assert isinstance(outcome, Done)
    assert outcome.line == "2 of 2 pods on v42"
    assert "2 of 2 new pods ready, watching that they stay" in lines
    (found,) = outcome.evidence["workloads"]
    assert (found["deployment"], found["pods"], found["generation"]) == (API, 2, 2)
    pods = await kube.workloads.pods(kube.ref(), {"matchLabels": {"app": API}})
    ready = [p for p in pods if images({"spec": {"template": p}})["api"] == image("v42")]
    assert len(ready) == 2


async def test_a_version_that_crashes(kube: Kube) -> None:
    await kube.create("v41", replicas=2)
    await kube.settled()
    outcome, _ = await rolled(kube, "v44")
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("New pods crash: 1 of 1 ")
    assert outcome.reason.endswith("Old pods still serve (2 of 2 ready).")
    evidence = outcome.evidence
    assert (evidence["container"], evidence["exit_code"]) == ("api", 1)
    assert evidence["pod"].startswith(f"{API}-")
    assert evidence["last_lines"] != []
    assert evidence["replicas"] == {"wanted": 2, "new": 1, "new_ready": 0, "old": 2, "old_ready": 2}


async def test_a_version_that_never_becomes_ready(kube: Kube) -> None:
    await kube.create("v41")
    await kube.settled()
    outcome, lines = await rolled(kube, "v43")
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("New pods don't become ready: 1 of 1 running but not ready for ")
    assert outcome.reason.endswith("Old pods still serve (1 of 1 ready).")
    assert "Readiness probe failed" in outcome.evidence["event"]
    assert lines == ["waiting for new pods", "0 of 1 new pods ready"]


async def test_an_image_that_is_not_there(kube: Kube) -> None:
    await kube.create("v41")
    await kube.settled()
    outcome, _ = await rolled(kube, "v99")
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("New pods can't get their image: 1 of 1 in ")
    assert outcome.evidence["last_lines"] == []
    assert "v99" in outcome.evidence["event"]


async def test_out_of_time(kube: Kube) -> None:
    await kube.create("v41")
    await kube.settled()
    outcome, _ = await rolled(kube, "v43", grace="60s", deadline="2s")
    assert isinstance(outcome, Failed)
    assert outcome.reason == (
        f"Not complete after 2 s: 0 of 1 new pods of {API} ready. Old pods still serve (1 of 1 ready)."
    )


async def test_paused_meanwhile_it_says_so_and_goes_on_when_resumed(kube: Kube) -> None:
    await kube.create("v41", replicas=2, minReadySeconds=4)  # so that it can't be complete before it is paused
    await kube.settled()
    step, turn, outcome = await begun(kube, "v42", soak="0s")
    await kube.edit(json_patch("add", "/spec/paused", value=True))
    seen = await step.check(replace(turn, now=datetime.now(UTC)), outcome.token)
    assert isinstance(seen, Pending)
    assert seen.line == f"paused: resume Deployment {API} and it goes on"
    await kube.edit(json_patch("remove", "/spec/paused"))
    ended, _ = await watched(step, turn, seen)
    assert isinstance(ended, Done)


async def test_changed_meanwhile_by_somebody_else(kube: Kube) -> None:
    await kube.create("v41")
    step, turn, outcome = await begun(kube, "v42")
    await kube.set_image("v43")
    assert await step.check(turn, outcome.token) == Failed(
        f"Deployment {API} was changed by somebody else during the rollout: container api is v43 now."
    )


async def test_deleted_meanwhile(kube: Kube) -> None:
    await kube.create("v41")
    step, turn, outcome = await begun(kube, "v42")
    await kube.kubectl("delete", "deployment", API)
    assert await step.check(turn, outcome.token) == Failed(
        f"Deployment {API} does not exist any more: it was deleted during the rollout."
    )
    await kube.create("v42")
    assert await step.check(turn, outcome.token) == Failed(
        f"Deployment {API} was deleted and created anew during the rollout."
    )


async def test_a_restart_while_it_is_watched_begins_the_watch_anew(kube: Kube, node: Node) -> None:
    await kube.create("v41")
    await kube.settled()
    step, turn, outcome = await begun(kube, "v42", soak="600s")

    async def steady() -> Json | None:
        seen = await step.check(replace(turn, now=datetime.now(UTC)), outcome.token)
        return seen.token if isinstance(seen, Pending) and seen.token["steady"] else None

    token = await until(steady, what="steady")
    await until(lambda: len(node.pods(kube.namespace)) == 1, what="the old pod gone")
    (container,) = node.pods(kube.namespace)[0].containers
    assert container.pid
    os.kill(container.pid, signal.SIGKILL)

    async def restarted() -> Json | None:
        seen = await step.check(replace(turn, now=datetime.now(UTC)), token)
        assert isinstance(seen, Pending)
        return seen.token if sum(seen.token["restarts"].values()) == 1 else None

    again = await until(restarted, what="ready again after the restart")
    assert again["restarts"].keys() == token["restarts"].keys()
    assert again["steady"] > token["steady"]


async def test_two_deployments_are_told_apart(kube: Kube) -> None:
    await kube.allow(WORKER)
    await kube.create("v41")
    await kube.create("v41", name=WORKER)
    step = Rollout(kube.workloads)
    site = kube.site(workloads=(API, WORKER))
    turn = await planned(step, site)
    outcome, lines = await watched(step, turn, await step.start(turn))
    assert isinstance(outcome, Done)
    assert outcome.line == f"{API} 1 of 1, {WORKER} 1 of 1 pods on v42"
    assert any(line.startswith(f"{API}: ") and f" · {WORKER}: " in line for line in lines)


# ---------------------------------------------------------------- the way back


async def good(kube: Kube, service_repository: Path) -> tuple[Outcome, Json]:
    """The candidate that lkg.update leaves after v42 was rolled out, tests and health seen."""
    site = replace(kube.site(), commit=commit_of(service_repository, "v42"))
    step = LkgUpdate(kube.workloads, ledger=NoLedger())
    turn = await planned(step, site)
    evidence = {"tests": {"tests": True, "exit_code": 0}, "health": {"paths": ["/health/ready"], "passes": 5}}
    outcome = await step.start(replace(turn, evidence=evidence))
    assert isinstance(outcome, Done)
    return outcome, outcome.evidence["known_good"]


class NoLedger:
    async def rows(self, site: object) -> tuple[Row, ...]:
        raise AssertionError("a service without migrations has no ledger")


async def test_the_candidate_holds_what_runs(kube: Kube, service_repository: Path) -> None:
    await kube.create("v42", replicas=2)
    await kube.settled()
    outcome, known = await good(kube, service_repository)
    assert isinstance(outcome, Done)
    assert outcome.line == f"candidate v42 {commit_of(service_repository, 'v42')[:7]}"
    digest = digest_of(commit_of(service_repository, "v42"))
    assert known["workloads"][0]["images"] == {"api": f"{image('v42').partition(':')[0]}@sha256:{digest}"}
    assert (known["all_tests_pass"], known["health_status"], known["migrations_version"]) == (True, "healthy", "")
    assert known["config_hash"].startswith("sha256:")


async def test_something_else_runs_than_was_deployed(kube: Kube) -> None:
    await kube.create("v41")
    step = LkgUpdate(kube.workloads, ledger=NoLedger())
    assert await step.start(await planned(step, kube.site())) == Failed(
        f"Container api of Deployment {API} runs v41, not v42. Nothing was recorded."
    )


async def test_back_to_the_last_known_good(kube: Kube, service_repository: Path) -> None:
    await kube.create("v41", replicas=2)
    await kube.settled()
    known = await recorded(kube, service_repository)
    crashed, _ = await rolled(kube, "v44")
    assert isinstance(crashed, Failed)
    outcome, _ = await restored(kube, known)
    assert isinstance(outcome, Done)
    assert outcome.line == "2 of 2 pods on v41, by digest"


async def recorded(kube: Kube, service_repository: Path) -> KnownGood:
    record = Record("D-90", "v41", commit_of(service_repository, "v41"), "", NOW)
    return await read_known_good(kube.workloads, kube.site(), record)


async def restored(kube: Kube, known: KnownGood) -> tuple[Outcome, list[str]]:
    step = Restore(kube.workloads, NO_DATABASES)
    turn = all_seen(await planned(step, kube.site(run="R-107", version="v41", target=known), epoch=9))
    return await watched(step, turn, await step.start(turn))


async def test_rolled_back_at_zero_replicas_it_says_that_no_pod_runs(kube: Kube, service_repository: Path) -> None:
    await kube.create("v41")
    await kube.settled()
    known = await recorded(kube, service_repository)
    await kube.set_image("v44")
    await kube.kubectl("scale", f"deployment/{API}", "--replicas=0")
    outcome, _ = await restored(kube, known)
    assert outcome == Failed(
        f"Deployment {API} has zero replicas (scaled down by a person or by an autoscaler), so no pod runs. "
        "Scale it up.",
        outcome.evidence,
    )
    assert images(await kube.raw()) == {"api": image("v41")}
