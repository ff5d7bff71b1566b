"""How long a place takes to be back, against cases reckoned by hand; and what was measured before."""

from datetime import timedelta
from typing import Any

import pytest

from runbooks.catalogue.environments import Health, Rollout
from runbooks.durations import Took
from runbooks.steps.kubernetes.estimate import Place, about, estimate, of_pods, waves
from runbooks.vocabulary import Json

ROLLOUT = Rollout(soak=timedelta(seconds=5), poll=timedelta(seconds=2))
HEALTH = Health(passes=5, interval=timedelta(seconds=1))


def probe(delay: int = 0, period: int | None = None, passes: int | None = None) -> Json:
    found = {"initialDelaySeconds": delay, "periodSeconds": period, "successThreshold": passes}
    return {key: value for key, value in found.items() if value is not None}


def place(replicas: int = 1, *, grace: int | None = None, probes: Json | None = None, **spec: Any) -> Place:
    template: Json = {"spec": {"containers": [{"name": "web", **(probes or {})}]}}
    if grace is not None:
        template["spec"]["terminationGracePeriodSeconds"] = grace
    return Place({"spec": {"replicas": replicas, "template": template, **spec}}, template)


def rolling(surge: int | str, missing: int | str) -> Json:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": missing}}


def ready(**more: Any) -> Json:
    return {"readinessProbe": probe(**more)}


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        (place(), 2),  # no probe: once it runs
        (place(probes=ready()), 2 + 10),  # Kubernetes' own period, at the second try
        (place(probes=ready(period=1)), 2 + 1),
        (place(probes=ready(delay=15, period=5)), 2 + 15),
        (place(probes=ready(delay=15, period=5, passes=3)), 2 + 15 + 2 * 5),
        (place(probes=ready(period=1), minReadySeconds=30), 2 + 1 + 30),
        (place(probes={"startupProbe": probe(period=4)}), 2 + 4),
        (place(probes={"startupProbe": probe(period=4), **ready(delay=10, period=5, passes=2)}), 2 + 10 + 5),
        (place(probes={"startupProbe": probe(delay=20), **ready(delay=10, period=5)}), 2 + 20),
        (place(3, probes=ready(period=1)), 3 * 3),  # a quarter of 3: one more at a time, none missing
        (place(4, probes=ready(period=1)), 2 * 3),  # one more and one missing
        (place(10, probes=ready(period=1), strategy=rolling("50%", 0)), 2 * 3),
        (place(10, probes=ready(period=1), strategy=rolling("100%", 0)), 3),
        (place(10, probes=ready(period=1), strategy=rolling(0, 1)), 10 * 3),
        (place(3, probes=ready(period=1), strategy=rolling(0, 0)), 3 * 3),  # one may be missing then
        (place(10, probes=ready(period=1), strategy={"type": "Recreate"}), 30 + 3),
        (place(10, grace=2, probes=ready(period=1), strategy={"type": "Recreate"}), 2 + 3),
        (place(0, probes=ready(period=1)), 0),
    ],
)
def test_until_all_pods_are_new(found: Place, seconds: int) -> None:
    assert of_pods(found) == seconds


@pytest.mark.parametrize(("replicas", "times"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 2), (8, 2), (10, 2), (50, 2)])
def test_how_often_new_pods_come_by_kubernetes_own_rules(replicas: int, times: int) -> None:
    assert waves(place(replicas).deployment) == times


def test_it_is_made_up_of_pods_a_steady_time_and_health() -> None:
    found = estimate([place(3, probes=ready(period=1)), place(1)], rollout=ROLLOUT, health=HEALTH)
    assert found is not None
    assert (found.pods, found.steady, found.health, found.seconds) == (9, 7, 4, 20)
    assert found.line == "back in about 20 s: pods 9 s, steady 7 s, health 4 s"


def test_nothing_that_would_come_back_takes_no_time() -> None:
    assert estimate([], rollout=ROLLOUT, health=HEALTH) is None


FIVE = (place(5, probes=ready(period=1), strategy=rolling(1, 0)),)  # 5 times 3 s


@pytest.mark.parametrize(
    ("took", "pods", "measured"),
    [
        ((), 15, False),
        ((Took(47, 5, back=True),), 40, True),
        ((Took(27, 5, back=True), Took(47, 5, back=True), Took(87, 5, back=True)), 40, True),
        ((Took(27, 5, back=False), Took(47, 5, back=True)), 40, True),  # a rollout had to get its image
        ((Took(27, 5, back=False),), 20, True),
        ((Took(7 + 8, 1, back=True),), 5 * 8, True),  # one pod took 8 s: five times as many times
        ((Took(7 + 80, 10, back=True),), 80, True),  # fewer by now: not known to be faster
        ((Took(3, 5, back=True),), 5, False),  # its probes alone take longer
    ],
)
def test_what_was_measured_before_counts_more(took: tuple[Took, ...], pods: int, *, measured: bool) -> None:
    found = estimate(FIVE, rollout=ROLLOUT, health=HEALTH, took=took)
    assert found is not None
    assert (found.pods, found.measured) == (pods, measured)
    assert ("as measured before" in found.line) is measured


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (1, "5 s"),
        (40, "40 s"),
        (41, "45 s"),
        (61, "70 s"),
        (120, "120 s"),
        (121, "3 min"),
        (301, "6 min"),
    ],
)
def test_how_people_say_it(seconds: int, said: str) -> None:
    assert about(seconds) == said
