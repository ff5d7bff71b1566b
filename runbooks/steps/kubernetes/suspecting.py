"""Where people look first when a step of a changed place fails: its configuration as it is now, what its pods wrote.

Reads only, and never for longer than `PATIENCE`: what can't be read in time is said to be unknown, and neither the
failure nor what follows from it waits any longer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TypeVar

from runbooks.redaction import Redactor
from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.config_changes import config_changes, config_maps_then_and_now, of_workload
from runbooks.steps.kubernetes.deployments import RUN, annotation, name_of, template_of
from runbooks.steps.kubernetes.first_error import first_error
from runbooks.steps.kubernetes.known_good import read_config_maps
from runbooks.steps.kubernetes.rollout_state import Observed, is_ready, new_pods
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref, Workloads, refs_of
from runbooks.suspects import NOT_RECORDED, SEEN, Config, FirstError, Seen
from runbooks.vocabulary import Failed, Json, KnownGood, Unreachable

PATIENCE = timedelta(seconds=2)  # for all of it together
_LINES = 200  # of a log that are read
_LONGEST = 300  # characters of a line
_LIVE = ("running", "terminated")
log = logging.getLogger(__name__)
Found = TypeVar("Found")


@dataclass(frozen=True)
class Suspecting:
    """Looks at the clusters."""

    workloads: Workloads
    redactor: Redactor

    async def named(self, turn: Turn, failed: Failed) -> Failed:
        """The failure, with what was seen beside its evidence. Raises nothing of its own."""
        config, pods = await asyncio.gather(_in_time(self._config(turn)), _in_time(self._first_error(turn)))
        unknown = {part: said for part, said in (("config", config), ("pods", pods)) if isinstance(said, str)}
        seen = Seen(
            config=config if isinstance(config, tuple) else (),
            error=pods if isinstance(pods, FirstError) else None,
            unknown=unknown,
            since=turn.site.since,
        )
        return replace(failed, evidence={**failed.evidence, SEEN: asdict(seen)})

    async def _config(self, turn: Turn) -> tuple[Config, ...] | str:
        good = turn.site.target or turn.site.known_good
        if good is None:
            return NOT_RECORDED
        found = await asyncio.gather(*(self._changes(ref, good) for ref in refs_of(turn.site)))
        if len(found) > 1:
            found = [of_workload(each, ref.deployment) for each, ref in zip(found, refs_of(turn.site), strict=True)]
        return tuple(each for one in found for each in one)

    async def _changes(self, ref: Ref, good: KnownGood) -> tuple[Config, ...]:
        known = next((each for each in good.workloads if each.deployment == ref.deployment), None)
        if known is None:
            return ()
        template = template_of(await self.workloads.read(ref))
        maps = await read_config_maps(self.workloads, ref, config_maps_then_and_now(known, template))
        return config_changes(known, template, maps)

    async def _first_error(self, turn: Turn) -> FirstError | None:
        """Of the pods that this run brought; None where it brought none, or none of them has written anything."""
        brought = await asyncio.gather(*(self._brought(ref, turn) for ref in refs_of(turn.site)))
        places = {name_of(pod): ref for ref, pods in zip(refs_of(turn.site), brought, strict=True) for pod in pods}
        one = to_read([pod for pods in brought for pod in pods])
        return await self._read(places[one.pod], one) if one is not None else None

    async def _brought(self, ref: Ref, turn: Turn) -> list[Json]:
        raw = await self.workloads.read(ref)
        if annotation(raw, RUN) != turn.site.run:
            return []
        selector = raw["spec"]["selector"]
        sets, pods = await asyncio.gather(
            self.workloads.replica_sets(ref, selector), self.workloads.pods(ref, selector)
        )
        return new_pods(Observed(raw, sets, pods))

    async def _read(self, ref: Ref, one: "Wrote") -> FirstError:
        lines = await self.workloads.tail(ref, one.pod, one.container, previous=one.previous, lines=_LINES)
        last = [line.strip() for line in lines if line.strip()][-1:] if one.crashed else []
        told = [self.redactor.text(line)[:_LONGEST] for line in first_error(lines) or last]
        return FirstError(one.pod, one.container, tuple(told))


@dataclass(frozen=True)
class Wrote:
    """A container whose log is to be read; `previous`: what it wrote before its last restart."""

    pod: str
    container: str
    crashed: bool = False
    previous: bool = False


def to_read(pods: list[Json]) -> Wrote | None:
    """Of these pods' containers the first that crashed; else one of a pod that is not ready, else any. Pure."""
    crashes = sorted(_crashes(pods), key=lambda each: each[0])
    if crashes:
        return crashes[0][1]
    for pod in sorted(pods, key=is_ready):
        for status in _statuses(pod):
            if any(state in (status.get("state") or {}) for state in _LIVE) and not _well(status):
                return Wrote(name_of(pod), status["name"])
    return None


def _crashes(pods: list[Json]) -> Iterator[tuple[str, Wrote]]:
    """With when each ended: the cluster writes all times alike, so that they are in the order of their texts."""
    for pod in pods:
        for status in _statuses(pod):
            now = (status.get("state") or {}).get("terminated")
            ended = now or (status.get("lastState") or {}).get("terminated")
            if ended and ended.get("exitCode") != 0:
                wrote = Wrote(name_of(pod), status["name"], crashed=True, previous=not now)
                yield str(ended.get("finishedAt")), wrote


def _well(status: Json) -> bool:
    """Whether it has done its work: an init container that ended well."""
    return bool(((status.get("state") or {}).get("terminated") or {}).get("exitCode") == 0)


def _statuses(pod: Json) -> list[Json]:
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


async def _in_time(looking: Awaitable[Found]) -> Found | str:
    """What was found; or why it is not known, as a clause."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await looking
    except TimeoutError:
        return "the cluster did not answer in time"
    except Unreachable as cause:
        return f"{cause.what} did not answer"
    except Denied as fault:
        return fault.sentence.rstrip(".")
    except Missing:
        return "a Deployment is not there any more"
    except Exception as cause:
        log.exception("what changed could not be read")
        return f"Opsbot stumbled over an unexpected {type(cause).__name__}"
