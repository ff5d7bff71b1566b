"""What is the cluster's time in a way back, and what is the actor's own: from the API server's log alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from benchmarks.rollback.way import Way, in_the_cluster
from sandbox.cluster.audit import Write

GOOD, BAD = "registry.example/api:v41", "registry.example/api:v42"


def test_the_own_share_is_neither_the_rollout_nor_the_pauses() -> None:
    way = Way(began=10.0, patched=10.2, complete=12.0, probed=12.1, healthy=16.15, pauses=4.0)
    assert way.seconds == pytest.approx(6.15)
    assert way.own == pytest.approx(0.35)
    assert way.parts == pytest.approx((0.2, 0.1, 0.05))


def test_the_log_says_when_the_template_was_accepted_and_when_it_was_complete() -> None:
    writes = [
        _patch(9.0),  # before the click: somebody else's
        _patch(10.1, dry_run=True),
        _patch(10.15, body=[{"op": "add", "path": "/metadata/annotations", "value": {}}]),  # a fence
        _patch(10.2, code=409),
        _patch(10.3),
        _status(10.4, generation=7, counts=(3, 3, 3)),  # of the generation before
        _status(10.5, counts=(4, 1, 3)),
        _status(11.5, image=BAD, counts=(3, 3, 3)),
        _status(12.0, counts=(3, 3, 3)),
        _status(12.5, counts=(3, 3, 3)),
    ]
    assert in_the_cluster(writes, image=GOOD, began=10.0, ended=13.0) == pytest.approx((10.3, 12.0))


def test_a_rollout_that_the_log_does_not_have_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="whole rollout"):
        in_the_cluster([_patch(10.3), _status(14.0, counts=(3, 3, 3))], image=GOOD, began=10.0, ended=13.0)


def _patch(at: float, *, code: int = 200, dry_run: bool = False, body: Any = None) -> Write:
    body = body or [{"op": "replace", "path": "/spec/template", "value": {}}]
    return _write(at, "patch", "deployments", code=code, dry_run=dry_run, body=body)


def _status(at: float, *, counts: tuple[int, int, int], generation: int = 8, image: str = GOOD) -> Write:
    total, updated, available = counts
    body = {
        "metadata": {"generation": 8},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [{"image": image}]}}},
        "status": {
            "observedGeneration": generation,
            "replicas": total,
            "updatedReplicas": updated,
            "availableReplicas": available,
        },
    }
    return _write(at, "update", "deployments/status", body=body)


def _write(at: float, verb: str, resource: str, *, body: Any, code: int = 200, dry_run: bool = False) -> Write:
    moment = datetime.fromtimestamp(at, UTC)
    return Write(moment, "somebody", verb, resource, "prod", "api", code=code, dry_run=dry_run, body=body)
