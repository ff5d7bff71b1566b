"""What is looked at when a step fails: redacted before it is cut, said to be unknown where it can't be read."""

from collections.abc import Sequence

import pytest

from runbooks.redaction import Redactor
from runbooks.steps.base import Turn
from runbooks.steps.confirm import Confirm
from runbooks.steps.kubernetes.deployments import RUN
from runbooks.steps.kubernetes.suspecting import Suspecting
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref
from runbooks.suspects import SEEN
from runbooks.vocabulary import Failed, Json, Unreachable
from tests.steps.places import site, turn
from tests.steps.test_probes import Cluster, running

SECRET = "made-up-" * 30


class Crashing(Cluster):
    """A Deployment that this run changed, whose one new pod crashed and wrote these lines."""

    def __init__(self, written: Sequence[str]) -> None:
        raw = running()
        raw["metadata"] |= {"uid": "d-1", "annotations": {RUN: "D-107"}}
        super().__init__(raw)
        self.raw, self.written = raw, tuple(written)
        self.asked: list[tuple[str, str, bool]] = []

    async def replica_sets(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        owner = {"name": "web-1", "uid": "rs-1", "ownerReferences": [{"uid": "d-1"}]}
        return ({"metadata": owner, "spec": {"template": self.raw["spec"]["template"]}},)

    async def pods(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        ended = {"exitCode": 1, "finishedAt": "2026-11-24T10:00:00Z"}
        status = {"name": "api", "state": {"waiting": {}}, "lastState": {"terminated": ended}}
        metadata = {"name": "web-1-a", "ownerReferences": [{"uid": "rs-1"}]}
        return ({"metadata": metadata, "status": {"containerStatuses": [status]}},)

    async def tail(self, ref: Ref, pod: str, container: str, *, previous: bool, lines: int = 20) -> tuple[str, ...]:
        self.asked.append((pod, container, previous))
        return self.written[-lines:]


async def seen(cluster: Cluster, redactor: Redactor | None = None) -> Json:
    at: Turn = await turn(Confirm(), {}, site())
    failed = await Suspecting(cluster, redactor or Redactor()).named(at, Failed("It failed.", {"kept": 1}))
    assert failed.reason == "It failed."
    assert failed.evidence["kept"] == 1
    found: Json = failed.evidence[SEEN]
    return found


async def test_the_log_before_the_last_restart_is_read() -> None:
    cluster = Crashing(["up", "fatal: LIMIT is not set", "bye"])
    assert (await seen(cluster))["error"] == {
        "pod": "web-1-a",
        "container": "api",
        "lines": ("fatal: LIMIT is not set",),
    }
    assert cluster.asked == [("web-1-a", "api", True)]


async def test_a_crash_that_tells_no_error_shows_its_last_line() -> None:
    assert (await seen(Crashing(["up", "that was it", " "])))["error"]["lines"] == ("that was it",)


@pytest.mark.parametrize("before", [0, 100, 250, 299])
async def test_a_secret_is_taken_out_before_the_line_is_cut(before: int) -> None:
    found = await seen(Crashing([f"fatal: {'x' * before} {SECRET}"]), Redactor([SECRET]))
    (line,) = found["error"]["lines"]
    assert "made-up" not in line
    assert len(line) <= 300


async def test_pods_of_another_run_are_none_of_this_ones() -> None:
    cluster = Crashing(["fatal: no"])
    cluster.raw["metadata"]["annotations"][RUN] = "D-108"
    assert (await seen(cluster))["error"] is None
    assert cluster.asked == []


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Unreachable("cluster main"), "cluster main did not answer"),
        (Denied("The cluster forbids it."), "The cluster forbids it"),
        (Missing(), "a Deployment is not there any more"),
        (RuntimeError("surprise"), "Opsbot stumbled over an unexpected RuntimeError"),
    ],
)
async def test_what_can_t_be_read_is_said_to_be_unknown(fault: Exception, why: str) -> None:
    found = await seen(Cluster(fault))
    assert found["unknown"] == {"config": "no last known good is recorded", "pods": why}
    assert (found["config"], found["error"]) == ((), None)
