"""How long a place will take to be back and seen to be healthy: from what its Deployments say, and what was measured.

Pure. It errs on the side of longer: all pods are taken to be replaced, and old ones to use their whole grace period.
Not known, and so left out: what init containers do, and how long a program itself needs to start (probes hint at it).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from runbooks.catalogue.environments import Health, Rollout
from runbooks.durations import Took
from runbooks.steps.kubernetes.deployments import replicas_of
from runbooks.vocabulary import Json

START = 2
"""Seconds from a pod's being asked for until its containers run, with the image at hand; Kubernetes' own aim is that
99 of 100 pods need less than 5."""
_PERIOD, _GRACE, _SURGE = 10, 30, "25%"  # Kubernetes' defaults
_ROUGHLY = ((60, 5), (120, 10))  # up to so many seconds, in steps of so many; in whole minutes from there on


@dataclass(frozen=True)
class Place:
    """A Deployment as it is now, and the pod template that it is to have; raw."""

    deployment: Json
    template: Json


@dataclass(frozen=True)
class Estimate:
    """Seconds, by part."""

    pods: int  # until all are available
    steady: int  # while it is watched that they stay
    health: int  # while health is seen as often in a row as it must be
    measured: bool = False  # the pods' part is what earlier ones took

    @property
    def seconds(self) -> int:
        """All of it."""
        return self.pods + self.steady + self.health

    @property
    def line(self) -> str:
        """`back in about 40 s: pods 25 s (as measured before), steady 7 s, health 4 s`."""
        how = " (as measured before)" if self.measured else ""
        parts = [f"pods {self.pods} s{how}", f"steady {self.steady} s", f"health {self.health} s"]
        return f"back in about {about(self.seconds)}: {', '.join(parts)}"


def estimate(
    places: Sequence[Place], *, rollout: Rollout, health: Health, took: Sequence[Took] = ()
) -> Estimate | None:
    """All Deployments come back at the same time. None where there are none that would."""
    if not places:
        return None
    steady = math.ceil((rollout.soak + rollout.poll).total_seconds())
    spec = max(of_pods(each) for each in places)
    before = _measured(places, took, steady=steady)
    least = max(of_pods(each, start=0) for each in places)
    return Estimate(
        pods=spec if before is None else max(before, least),
        steady=steady,
        health=math.ceil((health.passes - 1) * health.interval.total_seconds()),
        measured=before is not None and before >= least,
    )


def of_pods(place: Place, *, start: int = START) -> int:
    """Seconds until a Deployment's pods are all replaced and available."""
    spec = place.deployment["spec"]
    each = start + _ready(place.template) + int(spec.get("minReadySeconds") or 0)
    if (spec.get("strategy") or {}).get("type") == "Recreate":
        grace = place.deployment["spec"]["template"]["spec"].get("terminationGracePeriodSeconds", _GRACE)
        return int(grace) + each
    return each * waves(place.deployment)


def waves(deployment: Json, replicas: int | None = None) -> int:
    """How many times new pods come before all are new: so many at a time as may be too many and missing together."""
    wanted = replicas_of(deployment) if replicas is None else replicas
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return min(1, wanted)
    rolling = strategy.get("rollingUpdate") or {}
    surge = _share(rolling.get("maxSurge", _SURGE), wanted, up=True)
    missing = _share(rolling.get("maxUnavailable", _SURGE), wanted, up=False)
    return math.ceil(wanted / (surge + missing or 1))


def about(seconds: int) -> str:
    """A length as people say it: `40 s`, `90 s`, `7 min`."""
    for limit, step in _ROUGHLY:
        if seconds <= limit:
            return f"{math.ceil(seconds / step) * step} s"
    return f"{math.ceil(seconds / 60)} min"


def _share(value: int | str, wanted: int, *, up: bool) -> int:
    """A number of pods, or a part of them: surge is rounded up, what may be missing down."""
    if isinstance(value, str) and value.endswith("%"):
        part = int(value[:-1]) * wanted / 100
        return math.ceil(part) if up else math.floor(part)
    return int(value)


def _ready(template: Json) -> int:
    """Seconds from its containers' start until a pod is ready, as its probes let it be seen."""
    return max((_of_container(each) for each in template.get("spec", {}).get("containers") or ()), default=0)


def _of_container(container: Json) -> int:
    startup, readiness = container.get("startupProbe"), container.get("readinessProbe")
    begun = _first_pass(startup) if startup else 0
    if not readiness:
        return begun
    again = (int(readiness.get("successThreshold") or 1) - 1) * _period(readiness)
    if startup:  # readiness is asked for as soon as it has started
        return max(begun, int(readiness.get("initialDelaySeconds") or 0)) + again
    return _first_pass(readiness) + again


def _first_pass(probe: Json) -> int:
    """A probe that waits first is taken to pass at once then; one that does not, at its second try."""
    return int(probe.get("initialDelaySeconds") or 0) or _period(probe)


def _period(probe: Json) -> int:
    return int(probe.get("periodSeconds") or _PERIOD)


def _measured(places: Sequence[Place], took: Sequence[Took], *, steady: int) -> int | None:
    """What earlier rollbacks took, else rollouts (which had to get their images), for as many pods as there are.

    What was measured holds the time in which it was watched that pods stay.
    """
    same = [each for each in took if each.back] or list(took)
    found = list(_scaled(places, same, steady=steady))
    return math.ceil(median(found)) if found else None


def _scaled(places: Sequence[Place], took: Sequence[Took], *, steady: int) -> Iterator[float]:
    now = max(waves(each.deployment) for each in places)
    pods = sum(replicas_of(each.deployment) for each in places)
    for each in took:
        then = max(waves(one.deployment, _part(one, each.pods, pods)) for one in places)
        yield max(each.seconds - steady, 0) * max(1.0, now / max(then, 1))


def _part(place: Place, then: int, now: int) -> int:
    """How many of the pods of then were this Deployment's, if they were shared out as they are now."""
    return max(1, round(replicas_of(place.deployment) * then / now)) if now else 1
