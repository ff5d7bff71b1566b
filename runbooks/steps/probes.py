"""`probes.check`: the service's containers declare their probes, and the release that runs now passes them.

It must be well before it is replaced; otherwise nobody can tell what the deploy broke.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.catalogue import Workload
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.http_health import HealthParams, HttpHealth
from runbooks.steps.kubernetes.deployments import is_paused, replicas_of, template_of, why_zero
from runbooks.steps.kubernetes.workloads import Denied, Missing, Workloads, ref_of
from runbooks.steps.output import span
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending

_PROBES = {"readinessProbe": "readiness", "livenessProbe": "liveness"}


@dataclass(frozen=True)
class _Seen:
    """What the Deployments say: `fault` ends it at once, `waits` may pass."""

    fault: str = ""
    waits: str = ""
    ready: int = 0


class ProbesCheck(Step):
    """Reads the Deployments, waits for the wanted replicas to be ready, then asks the health paths."""

    uses = "probes.check"
    params = HealthParams
    cut = Cut.IDEMPOTENT
    finding = "unhealthy-before-deploy"

    def __init__(self, workloads: Workloads, *, health: HttpHealth) -> None:
        self._workloads = workloads
        self._health = health

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """Which containers, and which paths."""
        return await self._health.resolve(params, site)

    async def start(self, turn: Turn) -> Outcome:
        """The first look."""
        return await self._look(turn, {"since": turn.now.isoformat()})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """One look more."""
        return await self._look(turn, token)

    async def _look(self, turn: Turn, token: Json) -> Outcome:
        try:
            seen = _together([await self._seen(turn.site, each) for each in turn.site.service.workloads])
        except Denied as cause:
            return Failed(cause.sentence)
        if seen.fault:
            return Failed(seen.fault)
        if seen.waits:
            return _waiting(turn, token, seen.waits)
        begun = token.get("health")
        outcome = await (self._health.check(turn, begun) if begun else self._health.start(turn))
        return _answer(outcome, seen, token)

    async def _seen(self, site: Site, workload: Workload) -> _Seen:
        try:
            raw = await self._workloads.read(ref_of(site, workload.deployment))
        except Missing:
            return _Seen(fault=f"There is no Deployment {workload.deployment} in {site.environment.namespace}.")
        return _judged(raw, workload)


def _judged(raw: Json, workload: Workload) -> _Seen:
    name, wanted, ready = workload.deployment, replicas_of(raw), int(raw.get("status", {}).get("readyReplicas") or 0)
    if lacking := list(lacking_probes(raw, workload)):
        return _Seen(fault=f"{'; '.join(lacking)}. Declare {'it' if len(lacking) == 1 else 'them'} and deploy again.")
    if is_paused(raw):
        return _Seen(fault=f"Deployment {name} is paused, so what runs is not what it declares. Resume it first.")
    if wanted == 0:
        return _Seen(
            fault=f"Deployment {name} has zero replicas ({why_zero(raw)}): nothing runs that could be probed."
        )
    waits = f"{ready} of {wanted} pods of {name} are ready" if ready < wanted else ""
    return _Seen(waits=waits, ready=ready)


def lacking_probes(raw: Json, workload: Workload) -> Iterator[str]:
    """The service's containers without a probe; sidecars are not ours to judge."""
    for container in template_of(raw)["spec"].get("containers") or ():
        missing = [word for key, word in _PROBES.items() if not container.get(key)]
        if container["name"] in workload.containers and missing:
            yield (
                f"Container {container['name']} of Deployment {workload.deployment} declares no "
                f"{' and no '.join(missing)} probe"
            )


def _together(seen: Sequence[_Seen]) -> _Seen:
    return _Seen(
        fault=" ".join(each.fault for each in seen if each.fault),
        waits=", ".join(each.waits for each in seen if each.waits),
        ready=sum(each.ready for each in seen),
    )


def _waiting(turn: Turn, token: Json, waits: str) -> Outcome:
    patience = timedelta(seconds=turn.step.params["timeout"])
    if turn.now - datetime.fromisoformat(token["since"]) >= patience:
        return Failed(f"Only {waits}, after {span(patience)}. Mend what runs now before it is replaced.")
    return Pending(turn.now + timedelta(seconds=turn.step.params["interval"]), waits, {"since": token["since"]})


def _answer(outcome: Outcome, seen: _Seen, token: Json) -> Outcome:
    match outcome:
        case Done(line=line, evidence=evidence):
            pods = f"{seen.ready} of {seen.ready} pods ready"
            return Done(f"readiness and liveness declared · {pods} · {line}", {**evidence, "ready": seen.ready})
        case Pending(check_at=at, line=line, token=health):
            return Pending(at, line, {"since": token["since"], "health": health})
        case _:
            return outcome
