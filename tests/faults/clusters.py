"""Stories whose effects are on a real API server; its simulated nodes make pods ready, or let them crash."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.identities import OPSBOT_USER
from sandbox.cluster.kwok import PLACEMENT
from sandbox.service import manifests
from tests.acceptance.records import Json, outcome
from tests.faults.stories import APPROVED, Effects, Story
from tests.faults.world import World
from tests.fixtures.repositories import Repository

JOBS = "opsbot-jobs"
RECORD = f"{manifests.NAME}-last-known-good"
NODE = "simulated-for-faults"
GOOD = "v0"
TOLD = """
- [ ] Stakeholders know
  ```step
  id: told
  uses: notify.stakeholders
  ```
"""
CHECKED = """
- [ ] Checked
  ```step
  id: checked
  uses: command
  command: check
  ```
"""
PODS = """
- [ ] Pods
  ```step
  id: pods
  uses: kubernetes.rollout
  on-failure: {finding: deploy-failed, then: rollback}
  ```
"""
KEPT = """
- [ ] Keep it
  ```step
  id: kept
  uses: lkg.update
  ```
- [ ] Say so
  ```step
  id: announce
  uses: announce
  ```
"""
BACK = """# Back

- [ ] Take over
  ```step
  id: take-over
  uses: take-over
  ```
- [ ] Revert
  ```step
  id: revert
  uses: kubernetes.restore
  ```
"""


@contextmanager
def node(cluster: ControlPlane) -> Iterator[None]:
    """A simulated node for everybody's pods: those of Jobs can't ask for one."""
    mark = {"kwok.x-k8s.io/node": "fake"}
    made = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE, "labels": mark, "annotations": mark}}
    cluster.kubectl.apply([made])
    yield
    cluster.kubectl("delete", "node", NODE)


class OnCluster(Story):
    """A service of one pod, with a last known good to go back to."""

    def __init__(self, cluster: ControlPlane) -> None:
        self._cluster = cluster
        self._since: dict[str, int] = {}  # writes to the cluster before a world's play began, by its namespace

    def prepare(self, world: World) -> None:
        """A namespace of the world's own, what runs there, and that it is good."""
        namespace = self._namespace(world)
        self._cluster.grant(namespace)
        made = manifests.deployment(namespace, version=GOOD, replicas=1)
        made["spec"]["template"]["spec"] |= PLACEMENT
        self._cluster.kubectl("create", "--filename=-", stdin=json.dumps(made))
        world.release(GOOD, {})
        world.more["FAULTS_KUBECONFIG"] = str(self._cluster.opsbot_kubeconfig)
        world.write(self.service(world), self.books, clusters={"main": {"kubeconfig": "FAULTS_KUBECONFIG"}})
        adopt = [sys.executable, "-m", "bot", "adopt", "api", "production"]
        subprocess.run(adopt, env=world.environment, check=True, capture_output=True)

    def service(self, world: World) -> dict[str, Any]:
        """The service of the catalogue."""
        made = world.service | {
            "image": manifests.IMAGE,
            "workloads": [{"deployment": manifests.NAME, "containers": ["api"]}],
            "commands": {"check": {"run": ["true"], "runner": "job", "timeout": "1m"}},
        }
        made["environments"]["production"] |= {
            "namespace": self._namespace(world),
            "rollout": {"deadline": "1m", "grace": "1s", "soak": "1s", "poll": "1s"},
            "stakeholders": {"people": [world.slack.users["sam"]]},
        }
        return made

    def release(self, world: World) -> str:
        """The next version; what was written before is no part of its play."""
        return self._released(world)

    def _released(self, world: World, how: str = "") -> str:
        self._since[self._namespace(world)] = len(self._writes("deployments", self._namespace(world)))
        world.number += 1
        return world.release(f"v{world.number}{how}", {})

    def effects(self, world: World, version: str, runs: Iterable[str]) -> Effects:
        """How often each version was given to the pods, and each Job created."""
        namespace = self._namespace(world)
        writes = self._writes("deployments", namespace)[self._since[namespace] :]
        given = [image for write in writes if (image := _image(write.body))]
        made = [write for write in self._writes("jobs", JOBS) if write.verb == "create" and _is_of(write.body, runs)]
        return {
            **Counter("it" if image == f"{manifests.IMAGE}:{version}" else image for image in given),
            "jobs": len(made),
        }

    def _writes(self, resource: str, namespace: str) -> list[Any]:
        found = self._cluster.audit.writes(resource, namespace=namespace, user=OPSBOT_USER)
        return [write for write in found if write.effective]

    def _namespace(self, world: World) -> str:
        return f"faults-{world.folder.name}"


class Good(OnCluster):
    """A Job, people told, new pods, and the last known good written to all its places."""

    books: ClassVar = {
        "deploy": f"# Deploy\n\n## Before\n{TOLD}{CHECKED}{APPROVED}\n## Deploy\n{PODS}\n## After\n{KEPT}",
        "back": BACK,
    }
    ends = ("succeeded",)
    once: ClassVar = {"it": 1, "jobs": 1, "file": 1, "ConfigMap": 1, "commits": 1}

    def service(self, world: World) -> dict[str, Any]:
        """With all places that a record can have."""
        made = super().service(world)
        record = Repository(world.folder / "record")
        record.commit({"README": "records"})
        record.git("config", "receive.denyCurrentBranch", "ignore")
        kept = {"file": str(_file(world)), "config-map": RECORD, "git": {"repository": record.url}}
        made["environments"]["production"]["last-known-good"] = kept
        return made

    def effects(self, world: World, version: str, runs: Iterable[str]) -> Effects:
        """The copies of the record too."""
        where = ("get", "configmap", RECORD, "--namespace", self._namespace(world))
        in_cluster = self._cluster.kubectl.json(*where)["data"]["last-known-good.json"]
        commit = world.repository.git("rev-parse", version)
        told = ["git", "log", "--format=%s", "main"]
        log = subprocess.run(told, cwd=world.folder / "record", check=True, capture_output=True, text=True).stdout
        return {
            **super().effects(world, version, runs),
            "file": _names(_file(world).read_text(), commit),
            "ConfigMap": _names(in_cluster, commit),
            "commits": sum(f" {version} " in line for line in log.splitlines()),
        }


class Failing(OnCluster):
    """New pods that crash: a finding, an incident with its channel, and the way back that follows by itself."""

    books: ClassVar = {"deploy": f"# Deploy\n{APPROVED}{PODS}", "back": BACK}
    ends = ("failed", "succeeded")
    once: ClassVar = {"it": 1, f"{manifests.IMAGE}:{GOOD}": 1, "jobs": 0}
    says = "took production back to v0"

    def release(self, world: World) -> str:
        """One whose pods crash."""
        return self._released(world, "-crash")


class TakenOver(OnCluster):
    """A Job that does not end, and somebody who goes back meanwhile."""

    books: ClassVar = {"deploy": f"# Deploy\n{CHECKED}{APPROVED}{PODS}", "back": BACK}
    ends = ("superseded", "succeeded")
    once: ClassVar = {"jobs": 1, "pods left": 0}
    says = "took production back to v0"

    def release(self, world: World) -> str:
        """One whose Jobs go on and on."""
        return self._released(world, "-never-ready")

    def takes_back(self, runs: Mapping[str, Json]) -> bool:
        """Once the Job is there."""
        return [outcome(state, "checked") for state in runs.values()] == ["pending"]

    def effects(self, world: World, version: str, runs: Iterable[str]) -> Effects:
        """What is left of the Job too."""
        label = f"opsbot.dev/run in ({','.join(runs)})"
        left = self._cluster.kubectl.json("get", "pods", "--namespace", JOBS, f"--selector={label}")["items"]
        return {**super().effects(world, version, runs), "pods left": len(left)}


def _file(world: World) -> Path:
    return world.folder / "kept" / "last-known-good.json"


def _names(record: str, commit: str) -> int:
    return int(commit.startswith(json.loads(record)["git_sha"]))


def _is_of(job: Json, runs: Iterable[str]) -> bool:
    """A Job of these runs; not the stone that one of them left."""
    labels = job["metadata"]["labels"]
    return labels["opsbot.dev/run"] in runs and "opsbot.dev/ended" not in labels


def _image(patch: list[Json]) -> str:
    """Which image a patch gives to the pods; "" where it leaves them alone."""
    given = {one["path"]: one.get("value") for one in patch if one["op"] in ("add", "replace")}
    if template := given.get("/spec/template"):
        return str(template["spec"]["containers"][0]["image"])
    return str(given.get("/spec/template/spec/containers/0/image", ""))
