"""The outside worlds: a cluster, a service's database, Slack. They record every effect and refuse older epochs."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.adapters.slack.client import SlackRefused
from runbooks.steps.kubernetes.deployments import EPOCH, RUN, annotation
from runbooks.steps.kubernetes.workloads import Missing, Patch, Ref, Stale
from runbooks.vocabulary import Fenced, Json

ROLLING = 3.0  # seconds that pods need


@dataclass(frozen=True)
class Effect:
    """Something that was done outside, by whom, and when (seconds)."""

    key: str
    run: str
    target: str
    what: str
    at: float


@dataclass
class Cluster:
    """Deployments, with the admission policy that refuses an epoch lower than the one that stands there."""

    time: Callable[[], float]
    effects: list[Effect] = field(default_factory=list)
    fenced: bool = True  # whether the policy is there
    objects: dict[str, Json] = field(default_factory=dict)
    rolled: dict[str, float] = field(default_factory=dict)  # when the pods are there
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, image: str) -> None:
        pod = {"metadata": {}, "spec": {"containers": [{"name": "web", "image": image}]}}
        spec = {"replicas": 1, "template": pod, "strategy": {"type": "RollingUpdate"}}
        self.objects[name] = {"metadata": {"name": name, "uid": f"uid-{name}"}, "spec": spec}

    def read(self, ref: Ref) -> Json:
        if ref.deployment not in self.objects:
            raise Missing
        return copy.deepcopy(self.objects[ref.deployment])

    def image(self, name: str) -> str:
        """What its pods run."""
        found: str = self.objects[name]["spec"]["template"]["spec"]["containers"][0]["image"]
        return found

    def patch(self, ref: Ref, patch: Patch, dry_run: bool) -> Json:
        old = self.objects[ref.deployment]
        new = _patched(old, patch)
        if self.fenced and int(annotation(new, EPOCH) or 0) < int(annotation(old, EPOCH) or 0):
            raise Fenced(f"epoch {annotation(new, EPOCH)} is older than {annotation(old, EPOCH)}")
        if dry_run:
            return new
        self.objects[ref.deployment] = new
        if new["spec"]["template"] != old["spec"]["template"]:
            self._changed(ref.deployment, old, new)
        elif annotation(new, EPOCH) != annotation(old, EPOCH):
            self.rolled[ref.deployment] = 0.0  # whoever was at work here is known to be ended
        return copy.deepcopy(new)

    def _changed(self, name: str, old: Json, new: Json) -> None:
        now, run = self.time(), annotation(new, RUN) or ""
        if now < self.rolled.get(name, 0.0) and annotation(old, RUN) != run:
            self.wrong.append(f"{run} changes {name} while {annotation(old, RUN)} still does")
        self.effects.append(Effect(f"{run}/{name}", run, name, self.image(name), now))
        self.rolled[name] = now + ROLLING


def _patched(raw: Json, patch: Patch) -> Json:
    made = copy.deepcopy(raw)
    for operation in patch:
        *path, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        at: Any = made
        for part in path:
            at = at[int(part)] if isinstance(at, list) else at[part]
        if operation["op"] == "test":
            if at.get(last) != operation["value"]:
                raise Stale
        else:
            at[last] = operation["value"]
    return made


@dataclass
class Database:
    """A service's ledger of migrations, whose row is written with the epoch or not at all."""

    time: Callable[[], float]
    effects: list[Effect] = field(default_factory=list)
    fenced: bool = True
    epoch: int = 0

    def fence(self, epoch: int) -> None:
        if self.fenced and epoch < self.epoch:
            raise Fenced(f"epoch {epoch} is older than {self.epoch}")
        self.epoch = max(self.epoch, epoch)

    def migrate(self, key: str, commit: str, epoch: int) -> None:
        self.fence(epoch)
        run, _, step = key.partition("/")
        self.effects.append(Effect(key, run, step, commit, self.time()))

    def has(self, key: str) -> bool:
        return any(effect.key == key for effect in self.effects)


@dataclass
class Posted:
    """A message as it stands in Slack."""

    key: str
    ts: str
    channel: str
    text: str
    blocks: list[Any]
    thread: str | None


@dataclass
class Slack:
    """Messages and channels. It acts when it is asked, and its answer may be lost."""

    time: Callable[[], float]
    messages: list[Posted] = field(default_factory=list)
    channels: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> id, purpose
    finds: bool = True  # whether it shows what was posted

    def post(self, key: str, channel: str, text: str, blocks: Any, thread: str | None) -> str:
        ts = f"{self.time():.6f}{len(self.messages):04}"
        self.messages.append(Posted(key, ts, channel, text, list(blocks), thread))
        return ts

    def update(self, channel: str, ts: str, text: str, blocks: Any) -> None:
        message = next((m for m in self.messages if (m.channel, m.ts) == (channel, ts)), None)
        if message is None:
            raise SlackRefused("message_not_found")
        message.text, message.blocks = text, list(blocks)

    def find(self, key: str, channel: str) -> str | None:
        found = (m.ts for m in self.messages if (m.key, m.channel) == (key, channel))
        return next(found, None) if self.finds else None

    def create(self, name: str) -> str:
        if name in self.channels:
            raise SlackRefused("name_taken")
        self.channels[name] = (f"C-{name}", "")
        return f"C-{name}"

    def made(self, names: Any, purpose: str, since: datetime) -> tuple[str, str] | None:
        return next(((self.channels[name][0], name) for name in names if name in self.channels), None)
