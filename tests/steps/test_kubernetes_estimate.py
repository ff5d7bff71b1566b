"""How long it takes to be back, reckoned before and then seen, with pods that really run."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runbooks.durations import Took
from runbooks.steps.kubernetes.estimating import expected
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.restore_planning import preview
from runbooks.steps.kubernetes.rollout import Rollout
from runbooks.vocabulary import Done
from tests.steps.kube import Kube, planned, watched
from tests.steps.pods import kube, node
from tests.steps.restoring import NO_DATABASES

__all__ = ["kube", "node"]  # fixtures

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]
SANE = 8  # times: a busy machine's pods are slow, an idle one's quick, and nothing is known of earlier ones


async def rolled(kube: Kube) -> None:
    """This run deploys v42."""
    step = Rollout(kube.workloads)
    turn = await planned(step, kube.site())
    outcome, _ = await watched(step, turn, await step.start(turn), seconds=120)
    assert isinstance(outcome, Done), outcome


async def test_a_rollback_takes_about_as_long_as_was_reckoned(kube: Kube) -> None:
    await kube.create("v41", replicas=3)
    await kube.settled()
    good = await read_known_good(kube.workloads, kube.site(), Record("adopt", "v41", "3" * 40, "", datetime.now(UTC)))
    await rolled(kube)
    site = replace(kube.site(), run="R-107", version="v41", commit=good.commit, known_good=good, target=good)

    reckoned = await expected(kube.workloads, site, good)
    assert reckoned is not None
    step = Restore(kube.workloads, NO_DATABASES)
    turn = await planned(step, site)
    outcome, _ = await watched(step, turn, await step.start(turn), seconds=120)
    assert isinstance(outcome, Done), outcome
    took = outcome.evidence["seconds"]
    print(f"reckoned {reckoned.pods + reckoned.steady} s, seen {took} s")  # shown by `pytest -rP`
    assert took / SANE <= reckoned.pods + reckoned.steady <= took * SANE

    again = await expected(kube.workloads, replace(site, took=(Took(took, 3, back=True),)), good)
    assert again is not None
    assert again.pods + again.steady == max(took, again.steady + 3), "what was seen is what is expected next"


async def test_the_confirmation_says_how_long_the_pods_take(kube: Kube) -> None:
    await kube.create("v41", replicas=3)
    await kube.settled()
    good = await read_known_good(kube.workloads, kube.site(), Record("adopt", "v41", "3" * 40, "", datetime.now(UTC)))
    site = replace(kube.site(), known_good=good, target=good)
    assert (await preview(kube.workloads, site)).lines[0] == "Pods: already as recorded, 3 replicas stay"
    await rolled(kube)
    # three times 2 s to run and 1 s for a probe; 2 s steady, 4 s of health
    assert (await preview(kube.workloads, site)).lines[0] == (
        "Pods: image and template back, 3 replicas stay · about 15 s"
    )
