"""When a rollout is complete, and when it goes on: from raw objects alone."""

from dataclasses import replace

import pytest

from runbooks.steps.kubernetes.rollout_state import Complete, Doomed, Progressing
from runbooks.vocabulary import Json
from tests.steps.clusters import changed, pod, replica_set, rolled, settled, waiting
from tests.steps.judging import after, at_once

# ---------------------------------------------------------------- complete


def test_it_is_complete_when_all_counts_say_so() -> None:
    state = at_once(settled())
    assert isinstance(state, Complete)
    assert (state.pods, dict(state.restarts)) == (3, {"web-new-0": 0, "web-new-1": 0, "web-new-2": 0})


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 1},  # the controller has not seen the change yet
        {"updatedReplicas": 2},
        {"replicas": 4},  # an old pod is still there
        {"availableReplicas": 2},
    ],
)
def test_one_count_that_does_not_hold_is_enough(status: Json) -> None:
    assert isinstance(at_once(settled(**status)), Progressing)


def test_an_autoscaler_that_asks_for_more_pods_moves_the_goal() -> None:
    seen = settled()
    more = replace(seen, deployment=changed(seen.deployment, replicas=5))
    state = at_once(more)
    assert isinstance(state, Progressing)
    assert state.line == "3 of 5 new pods ready"


def test_a_stale_condition_does_not_hide_a_complete_rollout() -> None:
    stale = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    assert isinstance(at_once(settled(conditions=[stale])), Complete)


def test_a_condition_that_says_available_does_not_make_it_complete() -> None:
    fine = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    assert isinstance(at_once(settled(availableReplicas=2, conditions=[fine])), Progressing)


def test_the_new_replica_set_is_the_one_with_the_template_not_the_newest() -> None:
    seen = rolled(pod("a", state=waiting("ImagePullBackOff")))
    other = replica_set("other", "registry.example/solvereign-api:v40", replicas=1)
    state = after(replace(seen, replica_sets=(other, *seen.replica_sets)), 20)
    assert isinstance(state, Doomed)
    assert state.sign.pod == "web-new-a"


def test_the_pods_of_another_deployment_do_not_count() -> None:
    crashing = pod("a", state=waiting("CrashLoopBackOff"), restarts=3)
    crashing["metadata"]["ownerReferences"] = [{"uid": "r-somebody-else"}]
    seen = rolled()
    assert isinstance(after(replace(seen, pods=(crashing,)), 600), Progressing)


# ---------------------------------------------------------------- going on


def test_it_says_how_many_are_ready() -> None:
    state = at_once(rolled(pod("a", ready=True), pod("b", ready=True), pod("c")))
    assert isinstance(state, Progressing)
    assert state.line == "2 of 3 new pods ready"


def test_it_says_which_old_pods_are_still_there() -> None:
    pods = [pod(name, ready=True) for name in "abc"]
    state = at_once(rolled(*pods))
    assert isinstance(state, Progressing)
    assert state.line == "3 of 3 new pods ready, 3 old pods still there"


def test_a_paused_one_says_how_to_go_on() -> None:
    seen = rolled()
    state = at_once(replace(seen, deployment=changed(seen.deployment, paused=True)))
    assert isinstance(state, Progressing)
    assert state.line == "paused: resume Deployment web and it goes on"


def test_a_pod_that_only_starts_shows_no_sign() -> None:
    state = at_once(rolled(pod("a", state=waiting("ContainerCreating"), phase="Pending")))
    assert isinstance(state, Progressing)
    assert state.since == {}


def test_a_pod_whose_startup_probe_has_not_passed_is_only_starting() -> None:
    assert isinstance(after(rolled(pod("a", started=False)), 600), Progressing)
