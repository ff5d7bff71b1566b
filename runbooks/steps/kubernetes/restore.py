"""`kubernetes.restore`: the recorded pod templates back into the service's Deployments, by content."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from runbooks.digests import digest_of
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.kubernetes.changing import Change, Decide, Halfway, apply, fence
from runbooks.steps.kubernetes.deployments import images_of, is_paused, name_of, tag_of, template_of, uid_of
from runbooks.steps.kubernetes.edits import edits, mark, unseen
from runbooks.steps.kubernetes.known_good import running_images
from runbooks.steps.kubernetes.patches import set_template, sign
from runbooks.steps.kubernetes.pinning import is_template, moved_tags, put_by_digest
from runbooks.steps.kubernetes.restore_asking import Unseen, agreed, question
from runbooks.steps.kubernetes.restore_planning import base_of, known_of, paused, plan_of, target_of, template_for
from runbooks.steps.kubernetes.rollout import how_many, is_of, not_known, pods_of
from runbooks.steps.kubernetes.rollout_state import Observed
from runbooks.steps.kubernetes.rollout_watch import Goal, TagMoved, begin, evidence_of, look
from runbooks.steps.kubernetes.workloads import Denied, Missing, Patch, Ref, Workloads, ref_of, refs_of
from runbooks.steps.migrations.database import ServiceDatabase
from runbooks.steps.migrations.rollback import MigrationsRollback
from runbooks.steps.migrations.staying import stays
from runbooks.vocabulary import Cut, Done, Failed, Json, NotDone, Outcome, PlanningFailed, Unreachable

_AGAIN = "Mend that, then roll back again: what is back stays as it is."


class Restore(Step):
    """Puts every Deployment's template back as one act, whatever it has become since, and watches."""

    uses = "kubernetes.restore"
    changes = True
    touches = frozenset({"workloads"})
    cut = Cut.RECONCILES
    finding = "rollback-failed"

    def __init__(self, workloads: Workloads, databases: ServiceDatabase) -> None:
        self._workloads = workloads
        self._databases = databases

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # it has none of its own
        """Say what comes back and what does not: the schema, where no other step tells of it.

        Refuses what can't be restored.
        """
        planned = [await plan_of(self._workloads, site, ref) for ref in refs_of(site)]
        lines = dict.fromkeys(line for each in planned for line in each.shows)
        schema = [] if MigrationsRollback.uses in site.kinds else await stays(self._databases, site)
        overwrites = [key for each in planned for key in each.overwrites]
        return Resolved({"workloads": [each.item for each in planned], "overwrites": overwrites}, (*lines, *schema))

    async def start(self, turn: Turn) -> Outcome:
        """Replace the templates, each in one request that compares and sets."""
        try:
            ways = [await self._way(turn, ref) for ref in _refs(turn)]
            if found := [unseen for way in ways if (unseen := way.unseen(turn, way.raw))]:
                return question(found)
            changes = [Change(way.ref, _decide(turn, way), way.raw) for way in ways]
            return begin(turn, await apply(self._workloads, changes, epoch=turn.epoch), urgent=True)
        except Unseen as found_late:
            return question([found_late], await self._stands(turn))
        except Halfway as fault:
            return Failed(f"{fault.why} {await self._stands(turn)} {_AGAIN}")
        except (Denied, PlanningFailed) as fault:
            return Failed(fault.sentence)
        except Missing as gone:
            return Failed(
                f"There is no Deployment {gone} any more, so nothing was put back. Create it, then roll back."
            )

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Look at the pods once."""
        goals = [_goal(turn, ref, item) for ref, item in zip(_refs(turn), _items(turn), strict=True)]
        conclude = partial(_concluded, turn)
        try:
            found = await look(self._workloads, goals, turn, token=token, conclude=conclude, urgent=True)
        except TagMoved as tags:
            return await put_by_digest(self._workloads, turn, tags.seen, tags.moved)
        if isinstance(found, Failed) and len(goals) > 1:
            return replace(found, reason=f"{found.reason} {await self._stands(turn)}")
        return found

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        """Fence every Deployment, then read whether the templates are back."""
        uids = {}
        for ref, item in zip(_refs(turn), _items(turn), strict=True):
            try:
                raw = await fence(self._workloads, ref, epoch=turn.epoch)
            except Missing:
                return Failed(f"There is no Deployment {ref.deployment} any more. Create it, then roll back.")
            except Denied as fault:
                return Failed(fault.sentence)
            if _is_back(raw, item):
                uids[ref.deployment] = uid_of(raw)
        return begin(turn, uids, urgent=True) if len(uids) == len(_items(turn)) else NotDone()

    async def abandon(self, turn: Turn) -> str:
        """Fence every Deployment, and say how many were put back by now."""
        back, unsigned, total = 0, 0, len(_items(turn))
        try:
            for ref, item in zip(_refs(turn), _items(turn), strict=True):
                with suppress(Missing):
                    raw = await fence(self._workloads, ref, epoch=turn.epoch)
                    back += _is_back(raw, item) and is_of(raw, turn)
                    unsigned += not is_of(raw, turn)
        except Denied as fault:
            return not_known(fault)
        return how_many(back, total, f"put back to {turn.site.version}", untouched=unsigned == total)

    async def _way(self, turn: Turn, ref: Ref) -> "_Way":
        try:
            raw = await self._workloads.read(ref)
        except Missing as gone:
            raise Missing(ref.deployment) from gone
        template = await template_for(self._workloads, ref, raw, known_of(turn.site, ref.deployment))
        return _Way(ref, raw, template, await base_of(self._workloads, turn.site, raw, template))

    async def _stands(self, turn: Turn) -> str:
        """What stands where now, workload by workload, as a sentence."""
        told = [await self._stand(turn, ref, item) for ref, item in zip(_refs(turn), _items(turn), strict=True)]
        return f"Now {', '.join(told)}."

    async def _stand(self, turn: Turn, ref: Ref, item: Json) -> str:
        name = ref.deployment
        try:
            raw = await self._workloads.read(ref)
        except Missing:
            return f"{name} is gone"
        except (Denied, Unreachable):
            return f"{name} is not known"
        if _is_back(raw, item):
            return f"{name} is back on {turn.site.version}"
        return f"{name} is still on {', '.join(dict.fromkeys(map(tag_of, images_of(template_of(raw)).values())))}"


@dataclass(frozen=True)
class _Way:
    """One Deployment as it was read, the template that it gets, and the one it was last recorded with."""

    ref: Ref
    raw: Json
    template: Json
    base: Json

    def unseen(self, turn: Turn, raw: Json) -> Unseen | None:
        """What others changed and would be overwritten, unless people were shown it, or agreed to it."""
        found = unseen(edits(raw, self.base, self.template), turn.site.seen)
        return Unseen(name_of(raw), found, mark(raw, found)) if found and not agreed(turn, mark(raw, found)) else None


def _items(turn: Turn) -> Sequence[Json]:
    found: Sequence[Json] = turn.step.params["workloads"]
    return found


def _refs(turn: Turn) -> list[Ref]:
    return [ref_of(turn.site, item["deployment"]) for item in _items(turn)]


def _is_back(raw: Json, item: Json) -> bool:
    """By tag or by digest: which of them it is, pods decide."""
    return digest_of(template_of(raw)) in (item["template"], item.get("by_digest"))


def _decide(turn: Turn, way: _Way) -> Decide:
    version = target_of(turn.site).version
    cause = f"{turn.site.run} rolls back to {version} {target_of(turn.site).commit[:7]}"

    def decide(raw: Json) -> Patch:
        if is_paused(raw):
            raise Denied(paused(ref_of(turn.site, name_of(raw)), version))
        if is_template(raw, way.template, known_of(turn.site, name_of(raw))):
            return sign(raw, epoch=turn.epoch, run=turn.site.run, cause=cause)
        if (found := way.unseen(turn, raw)) is not None:
            raise found
        return set_template(raw, way.template, epoch=turn.epoch, run=turn.site.run, cause=cause)

    return decide


def _goal(turn: Turn, ref: Ref, item: Json) -> Goal:
    known = known_of(turn.site, ref.deployment)
    ours = next(w.containers for w in turn.site.service.workloads if w.deployment == ref.deployment)
    watched = ours if "by_digest" in item else ()
    return Goal(ref, _departed(turn, item), lambda seen: moved_tags(seen, known, watched))


def _departed(turn: Turn, item: Json) -> Callable[[Json], str]:
    def departed(raw: Json) -> str:
        return "" if _is_back(raw, item) else f"its pod template is not that of {target_of(turn.site).version} now"

    return departed


def _concluded(turn: Turn, seen: Sequence[Observed]) -> Done | Failed:
    """The pods are up; whether they run the very images that were recorded is looked at last."""
    version, found = target_of(turn.site).version, [evidence_of(one) for one in seen]
    matches = [m for one in seen for m in _matches(turn, one)]
    if other := next((m for m in matches if m[1] != m[2]), None):
        name, before, now = other
        return Failed(
            f"{version} is back, but container {name} runs another image than was recorded: {tag_of(now)}, not "
            f"{tag_of(before)}. Its tag was moved in the registry: put that image back there, or deploy anew.",
            {"workloads": found, "container": name, "recorded": before, "running": now},
        )
    seconds = int((turn.now - turn.began_at).total_seconds())
    by_digest = ", by digest" if matches else ""
    return Done(f"{pods_of(found)} on {version}{by_digest}", {"workloads": found, "seconds": seconds})


def _matches(turn: Turn, seen: Observed) -> list[tuple[str, str, str]]:
    """Container, image recorded, image running: of the service's own containers known by digest then and now."""
    deployment = name_of(seen.deployment)
    known, now = known_of(turn.site, deployment).images, running_images(seen)
    ours = next(w.containers for w in turn.site.service.workloads if w.deployment == deployment)
    found = [(name, known.get(name, ""), now.get(name, "")) for name in ours]
    return [(name, before, after) for name, before, after in found if "@" in before and "@" in after]
