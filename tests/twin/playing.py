"""One history, played in two twins on one control plane: Opsbot goes back in one, kubectl's undo in the other."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from runbooks.redaction import Redactor
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.deployments import CAUSE, EPOCH, RUN, is_paused, template_of
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.restore_planning import preview
from runbooks.steps.kubernetes.workloads import Ref
from runbooks.vocabulary import Failed, Json, KnownGood, Outcome, PlanningFailed, Waiting
from sandbox.cluster.control_plane import ControlPlane
from tests.steps import places
from tests.steps.kube import image, json_patch, planned, watched
from tests.steps.restoring import NO_DATABASES
from tests.twin.edits import HOTFIX
from tests.twin.histories import AUTOSCALE, BAD, GOOD, History, Op
from tests.twin.judge import Ended
from tests.twin.people import Twin

_KNOWN = TypeAdapter(KnownGood)
_REVISION = "deployment.kubernetes.io/revision"
_RULES = {"poll": "1s", "soak": "0s", "grace": "1m", "deadline": "10m"}  # the machine may have much else to do
_EPOCH = 1000  # above those of the deploys before


@dataclass(frozen=True)
class Played:
    """How both twins ended."""

    history: History
    opsbot: Ended
    kubectl: Ended


@dataclass(frozen=True)
class Stage:
    """A control plane with a namespace for each twin."""

    plane: ControlPlane
    admin: Clusters
    bot: Clusters
    namespaces: tuple[str, str]

    async def play(self, history: History) -> Played:
        """Play it in both, and take it away."""
        one, other = (self._twin(name, history) for name in self.namespaces)
        try:
            return Played(history, await _by_opsbot(one), await _by_kubectl(other))
        finally:
            await one.remove()
            await other.remove()

    def _twin(self, namespace: str, history: History) -> Twin:
        ref = Ref("main", namespace, name_of(history))
        return Twin(self.plane, self.admin, KubernetesWorkloads(self.bot), ref, history)


def name_of(history: History) -> str:
    """What its Deployment is called."""
    return f"history-{history.seed}"


@asynccontextmanager
async def staged(plane: ControlPlane, names: list[str], histories: list[History]) -> AsyncIterator[Stage]:
    """Namespaces in which the bot may change the Deployments of these histories."""
    allowed = json.dumps(json_patch("replace", "/rules/0/resourceNames", [name_of(each) for each in histories]))
    for name in names:
        plane.grant(name)
        plane.kubectl("patch", "role", "opsbot", "--namespace", name, "--type=json", f"--patch={allowed}")
    admin = Clusters({"admin": Address(plane.admin_kubeconfig)}, timeout=300)
    async with admin, Clusters({"main": Address(plane.opsbot_kubeconfig)}, timeout=300) as bot:
        yield Stage(plane, admin, bot, (names[0], names[1]))


async def _until_trouble(twin: Twin) -> KnownGood:
    """All that happens before somebody wants to go back; what was recorded as good last."""
    await twin.create("v1")
    good = await _recorded(twin, "v1")
    pending = ""
    for op in twin.history.ops:
        await twin.do(op)
        pending = op.detail if op.what == GOOD else "" if op.what == BAD else pending
        if pending and op.what == "settles":
            good, pending = await _recorded(twin, pending), ""
    return good


async def _recorded(twin: Twin, version: str) -> KnownGood:
    record = Record("D-1", version, "3f2c1d9" + "0" * 33, "", datetime.now(UTC))
    known = await read_known_good(twin.workloads, _site(twin), record)
    return _KNOWN.validate_python(Redactor().json(_KNOWN.dump_python(known, mode="json")))


def _site(twin: Twin, **fields: Any) -> Site:
    workloads = [{"deployment": twin.ref.deployment, "containers": ["api"]}]
    environment = {"namespace": twin.ref.namespace, "rollout": _RULES}
    return replace(places.site(environment=environment, service={"workloads": workloads}), **fields)


async def _by_opsbot(twin: Twin) -> Ended:
    good = await _until_trouble(twin)
    site = _site(twin, run="R-1", version=good.version, commit=good.commit, target=good, known_good=good)
    said: tuple[str, ...] = ()
    if not twin.history.by_itself:
        shown = await preview(twin.workloads, site)
        said, site = shown.lines, replace(site, seen=frozenset(shown.overwrites))
    for op in twin.history.late:
        await twin.do(op)
    paused = ""
    if is_paused(await twin.raw()):
        first, _ = await _restored(twin, site)
        paused = first.reason if isinstance(first, Failed) else f"no refusal, but {first}"
        await twin.resume()  # as both tools ask
    before = await twin.raw()
    outcome, asked = await _restored(twin, site)
    after = await twin.raw()
    return Ended(
        good.workloads[0].template,
        template_of(before),
        template_of(after),
        said=(*said, *asked),
        kept=isinstance(outcome, Waiting),
        refused=outcome.reason if isinstance(outcome, Failed) else "",
        paused=paused,
        moved=tuple(_moved(before, after, twin.history)),
        versions=_versions(twin.history, good.version),
    )


async def _restored(twin: Twin, site: Site) -> tuple[Outcome, list[str]]:
    """What the product's own step comes to, and what it asked on the way."""
    step, asked = Restore(twin.workloads, NO_DATABASES), list[str]()
    try:
        turn = await planned(step, site, epoch=_EPOCH)
    except PlanningFailed as fault:
        return Failed(fault.sentence), asked
    outcome = await step.start(turn)
    while isinstance(outcome, Waiting):
        asked += [outcome.on, outcome.detail]
        if not twin.history.agrees:
            return outcome, asked
        outcome = await step.start(replace(turn, choice=outcome.choices[0].value))
    return (await watched(step, turn, outcome, seconds=600))[0], asked


async def _by_kubectl(twin: Twin) -> Ended:
    good = await _until_trouble(twin)
    for op in twin.history.late:
        await twin.do(op)
    paused = ""
    if is_paused(await twin.raw()):
        paused = await twin.undo()
        await twin.resume()
    before = template_of(await twin.raw())
    refused = await twin.undo()
    after, template = template_of(await twin.raw()), good.workloads[0].template
    return Ended(
        template, before, after, refused=refused, paused=paused, versions=_versions(twin.history, good.version)
    )


def _versions(history: History, good: str) -> dict[str, str]:
    ops = [Op(GOOD, "v1"), *history.ops]
    kinds = {op.detail: "bad" if op.what == BAD else "older" for op in ops if op.what in (GOOD, BAD)} | {good: "good"}
    return {image(version): kind for version, kind in kinds.items()} | {HOTFIX: "hotfix"}


def _moved(before: Json, after: Json, history: History) -> list[str]:
    """What differs outside the pod template and this bot's own annotations; an autoscaler may move the replicas."""
    scaled = any(op.what == AUTOSCALE for op in history.ops)
    one, other = (_around(raw, scaled=scaled) for raw in (before, after))
    return [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]


def _around(raw: Json, *, scaled: bool) -> Json:
    own = {CAUSE, EPOCH, RUN, _REVISION}
    annotations = {k: v for k, v in (raw["metadata"].get("annotations") or {}).items() if k not in own}
    spec = {k: v for k, v in raw["spec"].items() if k != "template" and not (scaled and k == "replicas")}
    return {**spec, "annotations": annotations, "labels": raw["metadata"].get("labels")}
