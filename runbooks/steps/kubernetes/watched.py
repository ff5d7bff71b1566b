"""What a look at the released workloads shows once their rollout is over: pods that fell, and somebody else's change.

Reads only.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.deployments import name_of
from runbooks.steps.kubernetes.outdated import difference
from runbooks.steps.kubernetes.rollout_state import Observed, new_pods, restarts_of, standing
from runbooks.steps.kubernetes.rollout_watch import observe
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref, Workloads, refs_of
from runbooks.vocabulary import Json, KnownGood, KnownWorkload, Unreachable

PODS, CHANGED = "pods/", "changed/"
"""The beginnings of what signs are called: of pods, and of what was changed by somebody else."""
_OFTEN = 3  # restarts in the watch, after which a pod is not well any more, however long it runs between them
_KNOWN_GOOD = TypeAdapter(KnownGood)


@dataclass(frozen=True)
class Shown:
    """One look: signs as clauses, restarts by pod (of those that have any), and what could not be asked."""

    signs: Mapping[str, str] = field(default_factory=dict)
    restarts: Mapping[str, int] = field(default_factory=dict)
    silent: Unreachable | None = None


async def look_at(workloads: Workloads, turn: Turn) -> Shown:
    """Every Deployment of the service, as it stands now."""
    try:
        found = await asyncio.gather(*(_shown(workloads, ref, turn) for ref in refs_of(turn.site)))
    except Unreachable as cause:
        return Shown(silent=cause)
    signs = {key: said for one in found for key, said in one.signs.items()}
    return Shown(signs, {pod: number for one in found for pod, number in one.restarts.items()})


async def _shown(workloads: Workloads, ref: Ref, turn: Turn) -> Shown:
    name = ref.deployment
    try:
        seen = await observe(workloads, ref)
    except Missing:
        return Shown({f"{CHANGED}{name}": f"there is no Deployment {name} any more"})
    except Denied as fault:
        return Shown({f"{PODS}{name}": f"the pods of {name} are not known: {fault.sentence.rstrip('.')}"})
    fallen, changed = standing(seen, turn.now - turn.site.environment.rollout.deadline), _changed(seen, turn)
    signs = {f"{PODS}{name}": f"pods of {name}: {fallen}"} if fallen else {}
    if changed:
        signs[f"{CHANGED}{name}"] = f"somebody else changed what was released: {changed}"
    return Shown(signs, {name_of(pod): number for pod in new_pods(seen) if (number := restarts_of(pod))})


def _changed(seen: Observed, turn: Turn) -> str:
    """How it differs from what this run recorded as its release; "" where it does not, or nothing was recorded."""
    known = _recorded(turn).get(name_of(seen.deployment))
    if known is None:
        return ""
    return "; ".join(said.rstrip(".") for said in difference(known, seen))


def _recorded(turn: Turn) -> dict[str, KnownWorkload]:
    """What this run recorded as its release, by Deployment."""
    found = [evidence["known_good"] for evidence in turn.evidence.values() if evidence.get("known_good")]
    return {each.deployment: each for raw in found for each in _KNOWN_GOOD.validate_python(raw).workloads}


def restarted(turn: Turn, kept: Json | None, shown: Shown) -> tuple[Json, dict[str, str]]:
    """The restarts as the next look must know them, and the sign of those that count.

    A pod that restarted has to run for the watch's grace before it counts as well again, so restarts that come in
    such short turns last; one that restarts often never does. `kept` is None at the first look.
    """
    now, counts = turn.now, dict(shown.restarts)
    if kept is None:
        return {"first": counts, "last": counts, "at": {}}, {}
    grace = timedelta(seconds=turn.step.params["grace"])
    risen = {pod for pod, number in counts.items() if number > kept["last"].get(pod, 0)}
    recent = {
        pod: at for pod, at in kept["at"].items() if pod in counts and now - datetime.fromisoformat(at) < grace
    } | dict.fromkeys(risen, now.isoformat())
    grown = {pod: number - kept["first"].get(pod, 0) for pod, number in counts.items()}
    bad = {pod: number for pod, number in grown.items() if pod in recent or number >= _OFTEN}
    sign = {f"{PODS}restarts": "; ".join(_times(bad))} if bad else {}
    return {"first": kept["first"], "last": counts, "at": recent}, sign


def _times(bad: Mapping[str, int]) -> Iterator[str]:
    for pod, number in bad.items():
        yield f"pod {pod} restarted {'once' if number == 1 else f'{number} times'} in the watch"
