"""When a rollout is doomed, and what is said of it: from raw objects alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from runbooks.steps.kubernetes.rollout_signs import Kind
from runbooks.steps.kubernetes.rollout_state import Doomed, Observed, Progressing
from tests.steps.clusters import OLD, changed, deployment, ended, pod, replica_set, rolled, settled, template, waiting
from tests.steps.judging import NOW, after, at_once, reason_after


def test_crashes_are_said_once_their_grace_has_passed() -> None:
    pods = [pod(n, state=waiting("CrashLoopBackOff"), lastState=ended(1), restarts=2) for n in "ab"]
    assert isinstance(after(rolled(*pods), 19), Progressing)
    assert reason_after(rolled(*pods), 20) == (
        "New pods crash: 2 of 2 in CrashLoopBackOff for 20 s. Old pods still serve (3 of 3 ready)."
    )


def test_a_crash_names_the_pod_the_container_and_the_exit_code() -> None:
    state = after(rolled(pod("a", state=waiting("CrashLoopBackOff"), lastState=ended(1), restarts=2)), 20)
    assert isinstance(state, Doomed)
    sign = state.sign
    assert (sign.pod, sign.container, sign.exit_code, sign.restarted) == ("web-new-a", "api", 1, True)


def test_a_crash_counts_on_while_the_container_runs_again_for_a_moment() -> None:
    down = rolled(pod("a", state=waiting("CrashLoopBackOff"), lastState=ended(1), restarts=2))
    up = rolled(pod("a", lastState=ended(1), restarts=3))
    state = after(up, 20, before=down)
    assert isinstance(state, Doomed)
    assert state.sentence.startswith("New pods crash: 1 of 1 ended with exit code 1 for 20 s.")


def test_a_pod_that_is_ready_after_one_crash_is_well() -> None:
    down = rolled(pod("a", state=ended(1)))
    up = rolled(pod("a", ready=True, lastState=ended(1), restarts=1))
    state = after(up, 600, before=down)
    assert isinstance(state, Progressing)
    assert state.since == {}


def test_a_pod_that_crashes_again_and_again_is_not_saved_by_a_moment_of_readiness() -> None:
    down = rolled(pod("a", state=ended(1), restarts=2))
    up = rolled(pod("a", ready=True, lastState=ended(1), restarts=3))
    assert isinstance(after(up, 20, before=down), Doomed)


def test_a_container_that_ends_well_has_ended_all_the_same() -> None:
    assert reason_after(rolled(pod("a", state=ended(0, "Completed"))), 20).startswith(
        "New pods crash: 1 of 1 ended with exit code 0 for 20 s."
    )


def test_memory_is_named_though_the_container_waits_for_its_next_start() -> None:
    pods = [pod("a", state=waiting("CrashLoopBackOff"), lastState=ended(137, "OOMKilled"), restarts=2)]
    assert reason_after(rolled(*pods), 20).startswith("New pods run out of memory: 1 of 1 ended with exit code 137")


@pytest.mark.parametrize(
    ("reason", "opening"),
    [
        ("RunContainerError", "New pods crash"),
        ("ErrImagePull", "New pods can't get their image"),
        ("ImagePullBackOff", "New pods can't get their image"),
        ("ErrImageNeverPull", "New pods can't get their image"),
        ("InvalidImageName", "New pods can't get their image"),
        ("ImageInspectError", "New pods can't get their image"),
        ("RegistryUnavailable", "New pods can't get their image"),
        ("SignatureValidationFailed", "New pods can't get their image"),
        ("CreateContainerConfigError", "New pods can't be configured"),
        ("CreateContainerError", "New pods can't be configured"),
        ("PreStartHookError", "New pods fail in a lifecycle hook"),
        ("PostStartHookError", "New pods fail in a lifecycle hook"),
    ],
)
def test_each_reason_to_wait_in_vain(reason: str, opening: str) -> None:
    seen = rolled(pod("a", state=waiting(reason, "what the node says"), phase="Pending"))
    state = after(seen, 20)
    assert isinstance(state, Doomed)
    assert state.sentence == f"{opening}: 1 of 1 in {reason} for 20 s. Old pods still serve (3 of 3 ready)."
    assert (state.sign.reason, state.sign.message) == (reason, "what the node says")


def test_an_image_that_is_refused_and_waited_for_in_turns_is_one_sign() -> None:
    first = rolled(pod("a", state=waiting("ErrImagePull"), phase="Pending"))
    second = rolled(pod("a", state=waiting("ImagePullBackOff"), phase="Pending"))
    assert isinstance(after(second, 20, before=first), Doomed)


def with_init(**status: Any) -> Observed:
    found = pod("a", state=waiting("PodInitializing"), phase="Pending")
    found["status"]["initContainerStatuses"] = [{"name": "prepare", "ready": False, "restartCount": 0, **status}]
    return rolled(found)


def test_an_init_container_that_fails_is_named() -> None:
    state = after(with_init(state=waiting("CrashLoopBackOff"), lastState=ended(2), restartCount=2), 20)
    assert isinstance(state, Doomed)
    assert (state.sign.container, state.sign.exit_code) == ("prepare", 2)


def test_an_init_container_that_ended_well_is_well() -> None:
    assert isinstance(after(with_init(state=ended(0, "Completed"), ready=True), 600), Progressing)


def with_event(seen: Observed, reason: str, message: str) -> Observed:
    return replace(seen, events={"p-a": [{"reason": reason, "message": message, "type": "Warning"}]})


def test_readiness_that_never_comes_is_given_more_time() -> None:
    seen = with_event(rolled(pod("a")), "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    assert isinstance(after(seen, 59), Progressing)
    state = after(seen, 60)
    assert isinstance(state, Doomed)
    assert state.sentence == (
        "New pods don't become ready: 1 of 1 running but not ready for 1 min. Old pods still serve (3 of 3 ready)."
    )
    assert state.sign.message == "Readiness probe failed: HTTP probe failed with statuscode: 503"


def test_a_missing_volume_shows_in_events_alone() -> None:
    seen = with_event(
        rolled(pod("a", state=waiting("ContainerCreating"), phase="Pending")),
        "FailedMount",
        'configmap "x" not found',
    )
    state = after(seen, 60)
    assert isinstance(state, Doomed)
    assert state.sentence.startswith("New pods wait for a volume: 1 of 1 without their volume for 1 min.")
    assert state.sign.message == 'configmap "x" not found'


def test_a_pod_that_fits_nowhere() -> None:
    unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    seen = rolled(pod("a", phase="Pending", conditions=[unplaced], containerStatuses=[]))
    state = after(seen, 60)
    assert isinstance(state, Doomed)
    assert state.sentence.startswith("New pods find no node: 1 of 1 unschedulable for 1 min.")
    assert state.sign.message == "0/3 nodes"


def test_pods_that_are_evicted() -> None:
    seen = rolled(pod("a", phase="Failed", reason="Evicted", message="low on memory", containerStatuses=[]))
    assert reason_after(seen, 60).startswith("New pods don't stay: 1 of 1 failed or evicted for 1 min.")


def test_pods_that_a_quota_refuses() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}
    seen = rolled()
    sets = (replica_set("new", replicas=0, conditions=[refused]), *seen.replica_sets[1:])
    state = after(replace(seen, replica_sets=sets), 20)
    assert isinstance(state, Doomed)
    assert state.sentence == (
        "The cluster refuses to create the new pods for 20 s (FailedCreate). Old pods still serve (3 of 3 ready)."
    )
    assert state.sign.message == "exceeded quota"


def test_the_failure_of_an_older_replica_set_is_not_this_ones() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    sets = (replica_set("new"), replica_set("old", OLD, ready=3, conditions=[refused]))
    assert isinstance(after(replace(rolled(), replica_sets=sets), 600), Progressing)


def test_a_replica_set_that_is_refused_is_seen_though_the_generation_never_advances() -> None:
    refused = {"type": "Progressing", "status": "False", "reason": "ReplicaSetCreateError", "message": "quota"}
    seen = Observed(deployment(observedGeneration=1, conditions=[refused]), (replica_set("old", OLD, ready=3),), ())
    assert reason_after(seen, 20) == (
        "The cluster refuses to create the new ReplicaSet for 20 s (ReplicaSetCreateError). "
        "Old pods still serve (3 of 3 ready)."
    )


def test_zero_replicas_are_no_success_and_it_says_who_set_them() -> None:
    raw = deployment(wanted=0)
    raw["metadata"]["managedFields"] = [{"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]
    seen = Observed(raw, (replica_set("new", replicas=0),))
    assert isinstance(at_once(seen), Progressing)
    assert reason_after(seen, 60) == (
        "Deployment web has zero replicas (set by kubectl-edit, not by an autoscaler), so no pod runs. Scale it up."
    )


def test_it_says_when_nothing_serves_any_more() -> None:
    seen = rolled(pod("a", state=waiting("CrashLoopBackOff")))
    sets = (replica_set("new", replicas=1), replica_set("old", OLD, replicas=0))
    assert reason_after(replace(seen, replica_sets=sets), 20).endswith("No pod is ready.")


def test_a_pod_that_is_being_taken_down_shows_no_sign() -> None:
    leaving = pod("a", state=ended(137))
    leaving["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z"
    state = at_once(rolled(leaving))
    assert isinstance(state, Progressing)
    assert state.since == {}


def test_each_kind_of_sign_keeps_its_own_time() -> None:
    first = rolled(pod("a"))
    both = rolled(pod("a"), pod("b", state=waiting("ErrImagePull")))
    state = after(both, 30, before=first)
    assert isinstance(state, Progressing)
    assert state.since == {Kind.IMAGE: NOW + timedelta(seconds=30), Kind.UNREADY: NOW}


def test_a_template_with_an_unknown_field_is_told_from_one_without() -> None:
    known = template()
    known["spec"]["futureField"] = {"on": True}
    seen = settled()
    assert isinstance(at_once(replace(seen, deployment=changed(seen.deployment, template=known))), Progressing)
