"""What a Job and its pods say, read as what came of a command."""

from datetime import UTC, datetime

import pytest

from bot.adapters.jobs.state import is_running, state_of
from runbooks.vocabulary import Json

CREATED = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def job(*conditions: Json) -> Json:
    return {"metadata": {"creationTimestamp": "2026-11-24T10:00:00Z"}, "status": {"conditions": list(conditions)}}


def pod(phase: str = "Pending", *, container: Json | None = None, **status: object) -> Json:
    statuses = {"containerStatuses": [{"name": "command", "state": container}]} if container else {}
    return {"metadata": {"name": "p"}, "status": {"phase": phase, **statuses, **status}}


def ended(code: int, reason: str = "Error") -> Json:
    times = {"startedAt": "2026-11-24T10:00:02Z", "finishedAt": "2026-11-24T10:00:50Z"}
    return {"terminated": {"exitCode": code, "reason": reason, **times}}


FAILED = {"type": "Failed", "status": "True"}


@pytest.mark.parametrize(
    ("one", "its_pod", "found"),
    [
        (job(), pod("Succeeded", container=ended(0)), (0, 48, "")),
        (job(), pod("Failed", container=ended(1)), (1, 48, "")),
        (job(FAILED), pod("Failed", container=ended(137, "OOMKilled")), (137, 48, "it ran out of memory")),
        (job({"type": "Complete", "status": "True"}), None, (0, 0, "")),
        (job(FAILED), None, (None, 0, "its pod is gone")),
        (job(FAILED), pod("Failed", reason="Evicted"), (None, 0, "its pod was lost (Evicted)")),
        (job({**FAILED, "reason": "DeadlineExceeded"}), None, (None, 0, "the cluster ended it after its time-out")),
    ],
)
def test_what_came_of_it(one: Json, its_pod: Json | None, found: tuple[int | None, float, str]) -> None:
    state = state_of(one, its_pod)
    assert state.over
    assert state.created_at == CREATED
    assert (state.exit_code, state.seconds, state.trouble) == found


UNPLACED = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available:\n3 Insufficient cpu."}


@pytest.mark.parametrize(
    ("its_pod", "trouble", "wants_room"),
    [
        (pod(), "", False),
        (pod(container={"waiting": {"reason": "ContainerCreating"}}), "", False),
        (pod(container={"waiting": {"reason": "ErrImagePull"}}), "its image can't be pulled (ErrImagePull)", False),
        (
            pod(container={"waiting": {"reason": "InvalidImageName"}}),
            "its image has no valid name (InvalidImageName)",
            False,
        ),
        (pod(conditions=[UNPLACED]), "no node takes its pod: 0/3 nodes are available: 3 Insufficient cpu.", True),
        (None, "the cluster has made no pod for it yet", False),
    ],
)
def test_why_it_does_not_start(its_pod: Json | None, trouble: str, wants_room: bool) -> None:
    state = state_of(job({"type": "Failed", "status": "False"}), its_pod, tail="x\n")
    assert (state.over, state.trouble, state.wants_room) == (False, trouble, wants_room)


MISSING = 'secret "api-jobs" not found'


@pytest.mark.parametrize(
    ("message", "hopeless", "trouble"),
    [
        (MISSING, True, f"its container can't be set up in opsbot-jobs: {MISSING} (CreateContainerConfigError)"),
        (
            "couldn't find key url in Secret opsbot-jobs/api-jobs",
            True,
            "its container can't be set up in opsbot-jobs: couldn't find key url in Secret opsbot-jobs/api-jobs "
            "(CreateContainerConfigError)",
        ),
        (
            "container has runAsNonRoot and image will run as root",
            False,
            "its container can't be set up, perhaps because its image runs as root (CreateContainerConfigError)",
        ),
    ],
)
def test_what_it_names_and_is_not_there_is_said_and_not_waited_for(
    message: str, hopeless: bool, trouble: str
) -> None:
    its_pod = pod(container={"waiting": {"reason": "CreateContainerConfigError", "message": message}})
    its_pod["metadata"]["namespace"] = "opsbot-jobs"
    state = state_of(job(), its_pod)
    assert (state.over, state.hopeless, state.trouble) == (False, hopeless, trouble)


def test_it_shows_what_it_prints_while_it_runs() -> None:
    at_work = pod("Running", container={"running": {"startedAt": "2026-11-24T10:00:02Z"}})
    assert is_running(at_work)
    assert not is_running(None)
    state = state_of(job(), at_work, tail="x\n")
    assert (state.over, state.tail, state.trouble) == (False, "x\n", "")
