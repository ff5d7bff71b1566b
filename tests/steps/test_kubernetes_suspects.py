"""A version that crashes, on real parts: what the card then names as changed, and what is not known in time."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.adapters.source.git import GitSource
from commands.views.suspects import suspects_lines
from runbooks.accounts import suspects
from runbooks.redaction import Redactor
from runbooks.runs import commands as c
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.steps.kubernetes.suspecting import Suspecting
from runbooks.steps.kubernetes.workloads import Ref
from runbooks.suspects import SEEN
from runbooks.vocabulary import Failed, Json
from sandbox.service import manifests
from sandbox.service.repository import commit_of
from tests.commands.stages import KNOWN, Stages
from tests.steps.kube import Kube, json_patch, planned, watched
from tests.steps.pods import kube, node

__all__ = ["kube", "node"]  # fixtures

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]


async def test_the_card_names_commit_migration_key_and_first_error(
    kube: Kube, service_repository: Path, tmp_path: Path
) -> None:
    v41, before, v44 = (commit_of(service_repository, version) for version in ("v41", "v44~1", "v44"))
    config = manifests.config_map(kube.namespace, {"REGION": "eu-central", "LOG_LEVEL": "info"})
    await kube.kubectl("create", "--filename=-", stdin=json.dumps(config))
    await kube.create("v41", replicas=2)
    await kube.settled()
    record = Record("adopt", "v41", v41, "", datetime.now(UTC))
    good = await read_known_good(kube.workloads, kube.site(), record)
    patch = json.dumps(json_patch("replace", "/data/LOG_LEVEL", "made-up-value"))
    await kube.kubectl("patch", "configmap", manifests.CONFIG, "--type=json", f"--patch={patch}")

    step = Rollout(kube.workloads)
    turn = await planned(step, replace(kube.site(), version="v44", commit=v44, known_good=good))
    outcome, _ = await watched(step, turn, await step.start(turn))
    assert isinstance(outcome, Failed)
    failed = await Suspecting(kube.workloads, Redactor()).named(turn, outcome)

    source = GitSource(tmp_path, environment={"GIT_CONFIG_NOSYSTEM": "1"})
    await source.resolve(str(service_repository), "v44")
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, failed))
    assert story.run.plan is not None
    plan = replace(story.run.plan, brings=await source.between(str(service_repository), v41, v44))
    found = suspects(replace(story.run, plan=plan), KNOWN)
    assert found is not None
    *known, error = suspects_lines(found)
    assert known == [
        f"`{v44[:7]}` Release v44 · Bodo Muster",
        f"`{before[:7]}` Name our settings after ourselves · Ada Beispiel · 4 commits more",
        "Migration 024_tenant_flags.sql",
        f"ConfigMap {manifests.CONFIG}: LOG_LEVEL changed",
    ]
    assert error.startswith(f"First error, {outcome.evidence['pod'].rpartition('-')[0]}-")
    assert error.endswith("(api): “fatal: SOLVEREIGN_DATABASE_URL is not set”")
    assert "made-up-value" not in json.dumps(failed.evidence, default=str)


class Deaf(KubernetesWorkloads):
    """The real one; but of the Deployment no answer ever comes."""

    async def read(self, ref: Ref) -> Json:
        await asyncio.Event().wait()
        return await super().read(ref)


async def test_what_does_not_answer_in_time_is_said_and_holds_nothing_up(kube: Kube) -> None:
    await kube.create("v41")

    step = Rollout(kube.workloads)
    turn = await planned(step, replace(kube.site(), known_good=None))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("runbooks.steps.kubernetes.suspecting.PATIENCE", timedelta())
        failed = await Suspecting(Deaf(kube.clusters), Redactor()).named(turn, Failed("It failed.", {"kept": 1}))
    assert failed.reason == "It failed."
    assert failed.evidence["kept"] == 1
    assert failed.evidence[SEEN]["unknown"] == {
        "config": "no last known good is recorded",
        "pods": "the cluster did not answer in time",
    }
