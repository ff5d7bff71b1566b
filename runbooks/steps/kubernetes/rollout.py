"""`kubernetes.rollout`: new images for the service's Deployments, watched until their pods are well or doomed."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from runbooks.catalogue import Workload
from runbooks.steps.base import Params, Resolved, Site, Step, Turn, Untouched
from runbooks.steps.kubernetes.changing import Change, Decide, apply, fence, moved
from runbooks.steps.kubernetes.deployments import (
    RUN,
    annotation,
    carries,
    images_of,
    is_paused,
    tag_of,
    template_of,
    uid_of,
)
from runbooks.steps.kubernetes.patches import set_images, sign
from runbooks.steps.kubernetes.rollout_planning import image_of, move_of, read_planned, refuse_unfit, running
from runbooks.steps.kubernetes.rollout_state import Observed
from runbooks.steps.kubernetes.rollout_watch import Goal, begin, evidence_of, look
from runbooks.steps.kubernetes.workloads import Denied, Missing, Patch, Ref, Workloads, ref_of
from runbooks.vocabulary import Cut, Done, Failed, Json, NotDone, Outcome


class Rollout(Step):
    """Patches each Deployment once, from what was approved to what was approved, and watches."""

    uses = "kubernetes.rollout"
    changes = True
    touches = frozenset({"workloads"})
    cut = Cut.RECONCILES
    finding = "deploy-failed"

    def __init__(self, workloads: Workloads) -> None:
        self._workloads = workloads

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # it has none of its own
        """Read what runs now. Refuses a Deployment that is not there, paused, at zero, or lacks a container."""
        image = image_of(site)
        planned = [await self._planned(site, workload, image) for workload in site.service.workloads]
        runs = dict.fromkeys(name for *_, names in planned for name in names)
        return Resolved(
            {"workloads": [p for p, *_ in planned]}, tuple(line for _, line, _ in planned), runs=tuple(runs)
        )

    async def _planned(self, site: Site, workload: Workload, image: str) -> tuple[Json, str, tuple[str, ...]]:
        ref = ref_of(site, workload.deployment)
        raw = await read_planned(self._workloads, ref)
        refuse_unfit(raw, ref, workload)
        now = images_of(template_of(raw))
        containers = {name: {"from": now[name], "to": image} for name in workload.containers}
        params = {"deployment": workload.deployment, "uid": uid_of(raw), "containers": containers}
        return params, move_of(raw, workload, image), running(raw, workload, site)

    async def start(self, turn: Turn) -> Outcome:
        """Patch what is not patched yet, each Deployment in one request that compares and sets."""
        changes = [Change(_ref(turn, item), _decide(turn, item)) for item in _items(turn)]
        try:
            return begin(turn, await apply(self._workloads, changes, epoch=turn.epoch))
        except Denied as fault:
            return Failed(fault.sentence)

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Look at the pods once."""
        goals = [Goal(_ref(turn, item), _departed(item)) for item in _items(turn)]
        return await look(self._workloads, goals, turn, token=token, conclude=lambda seen: _concluded(turn, seen))

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        """Fence every Deployment, then read how far the interrupted start came."""
        items, raws = _items(turn), []
        for item in items:
            try:
                raws.append(await fence(self._workloads, _ref(turn, item), epoch=turn.epoch))
            except Missing:
                return Failed(f"There is no Deployment {item['deployment']} any more.")
            except Denied as fault:
                return Failed(fault.sentence)
        if all(_is_ours(raw, item, turn) for raw, item in zip(raws, items, strict=True)):
            return begin(turn, {item["deployment"]: item["uid"] for item in items})
        return NotDone()

    async def abandon(self, turn: Turn) -> str:
        """Fence every Deployment, and say how many of them carry the new image by now."""
        patched, unsigned, total = 0, 0, len(_items(turn))
        try:
            for item in _items(turn):
                with suppress(Missing):
                    raw = await fence(self._workloads, _ref(turn, item), epoch=turn.epoch)
                    patched += _is_ours(raw, item, turn)
                    unsigned += not is_of(raw, turn)
        except Denied as fault:
            return not_known(fault)
        return how_many(patched, total, f"patched to {turn.site.version}", untouched=unsigned == total)


def is_of(raw: Json, turn: Turn) -> bool:
    """Whether this run was the last to change it."""
    return annotation(raw, RUN) == turn.site.run


def how_many(changed: int, total: int, what: str, *, untouched: bool) -> str:
    """What a step that was cut off did, as a clause: `1 of 2 workloads was already patched to v42`."""
    if untouched:
        return Untouched("no pod was changed")
    if not changed:
        return f"no workload is {what} now"
    return (
        f"{changed} of {total} workload{'' if total == 1 else 's'} {'was' if changed == 1 else 'were'} already {what}"
    )


def not_known(fault: Denied) -> str:
    """What stands there can't be read, as a clause."""
    return f"what it changed is not known ({fault.sentence.rstrip('.')})"


def _items(turn: Turn) -> Sequence[Json]:
    found: Sequence[Json] = turn.step.params["workloads"]
    return found


def _ref(turn: Turn, item: Json) -> Ref:
    return ref_of(turn.site, item["deployment"])


def _targets(item: Json) -> dict[str, str]:
    return {name: image["to"] for name, image in item["containers"].items()}


def _is_ours(raw: Json, item: Json, turn: Turn) -> bool:
    return uid_of(raw) == item["uid"] and carries(raw, _targets(item)) and is_of(raw, turn)


def _decide(turn: Turn, item: Json) -> Decide:
    """What the plan makes of a Deployment, whatever it has become since."""
    cause = f"{turn.site.run} deploys {turn.site.version} {turn.site.commit[:7]}"

    def decide(raw: Json) -> Patch:
        if _is_ours(raw, item, turn):
            return sign(raw, epoch=turn.epoch, run=turn.site.run, cause=cause)
        _refuse_moved(raw, item)
        return set_images(raw, _targets(item), epoch=turn.epoch, run=turn.site.run, cause=cause)

    return decide


def _refuse_moved(raw: Json, item: Json) -> None:
    name, now = item["deployment"], images_of(template_of(raw))
    if uid_of(raw) != item["uid"]:
        raise moved(name, "it was deleted and created anew")
    for container, image in item["containers"].items():
        if now.get(container) != image["from"]:
            stands = tag_of(now[container]) if container in now else "gone"
            raise moved(name, f"container {container} is {stands} now, not {tag_of(image['from'])}")
    if is_paused(raw):
        raise moved(name, "it is paused")


def _departed(item: Json) -> Callable[[Json], str]:
    targets = _targets(item)

    def departed(raw: Json) -> str:
        now = images_of(template_of(raw))
        return next(
            (f"container {c} is {tag_of(now.get(c, ''))} now" for c, i in targets.items() if now.get(c) != i), ""
        )

    return departed


def _concluded(turn: Turn, seen: Sequence[Observed]) -> Done:
    found = [evidence_of(one) for one in seen]
    seconds = int((turn.now - turn.began_at).total_seconds())
    return Done(f"{pods_of(found)} on {turn.site.version}", {"workloads": found, "seconds": seconds})


def pods_of(found: Sequence[Json]) -> str:
    """`3 of 3 pods`, or by Deployment where there are several."""
    if len(found) == 1:
        return f"{found[0]['pods']} of {found[0]['pods']} pods"
    return ", ".join(f"{one['deployment']} {one['pods']} of {one['pods']}" for one in found) + " pods"
