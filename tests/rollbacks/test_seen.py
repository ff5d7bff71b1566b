"""What is read out of the API server's audit log: which holder and which run each of the bot's changes names."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from runbooks.steps.kubernetes.patches import fence, set_template
from sandbox.cluster.audit import Write
from sandbox.cluster.identities import ADMIN, OPSBOT_USER
from tests.rollbacks.judge import Wrote
from tests.rollbacks.seen import looked_at, written
from tests.steps import clusters

RAW = clusters.deployment()
NOTED = {**RAW, "metadata": {**RAW["metadata"], "annotations": {"opsbot.dev/epoch": "3", "opsbot.dev/run": "D-7"}}}
TEMPLATE = clusters.template(clusters.OLD)


def wrote(at: float, body: Any) -> Write:
    moment = datetime.fromtimestamp(at, UTC)
    return Write(moment, OPSBOT_USER, "patch", "deployments", "rollbacks", "web", code=200, dry_run=False, body=body)


def test_a_fence_names_its_holder_and_a_change_its_run_too() -> None:
    writes = [
        wrote(10, fence(RAW, epoch=4)),
        wrote(11, fence(NOTED, epoch=5)),
        wrote(12, set_template(RAW, TEMPLATE, epoch=6, run="R-8", cause="back")),
        wrote(13, set_template(NOTED, TEMPLATE, epoch=7, run="R-9", cause="back")),
    ]
    assert list(written(writes, 10)) == [
        Wrote(10, 4, "", moves=False),
        Wrote(11, 5, "", moves=False),
        Wrote(12, 6, "R-8", moves=True),
        Wrote(13, 7, "R-9", moves=True),
    ]


def test_what_was_tried_refused_done_by_others_or_done_before_does_not_count() -> None:
    one = wrote(10, set_template(NOTED, TEMPLATE, epoch=7, run="R-9", cause="back"))
    writes = [replace(one, dry_run=True), replace(one, code=409), replace(one, user=ADMIN)]
    assert list(written([*writes, wrote(9, one.body)], 10)) == []


def test_a_change_that_names_nobody_is_seen_as_such() -> None:
    patch = [{"op": "replace", "path": "/spec/template", "value": TEMPLATE}]
    assert list(written([wrote(10, patch)], 10)) == [Wrote(10, 0, "", moves=True)]


def test_when_a_rollback_looked_at_the_pods_for_the_last_time() -> None:
    done = {"kind": "recorded", "step": "revert", "outcome": {"kind": "done"}, "at": "2026-01-05T10:00:00+00:00"}
    assert looked_at([{"kind": "began", "step": "revert"}]) == float("inf")
    assert looked_at([done]) == datetime(2026, 1, 5, 10, tzinfo=UTC).timestamp()
