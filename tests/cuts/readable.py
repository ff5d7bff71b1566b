"""What steps read, where it is as they want it; and a board of Jobs, each of which is made once."""

from collections import Counter

from runbooks.steps.command import Ending, JobState, Task
from runbooks.steps.http_health import Answer
from runbooks.steps.kpis import Moments, Series
from runbooks.steps.kubernetes.workloads import Ref
from runbooks.steps.notify import Delivery, key_of
from runbooks.vocabulary import Json, KnownGood
from sandbox.service import manifests
from tests.cuts.playing import Effects
from tests.engine.knob import TEN


class Web:
    """Answers everything well, and names the version."""

    async def get(self, url: str, timeout: object) -> Answer:
        return Answer(200, "v2 is up", 1)

    async def ask(self, url: str, *, token: str | None, timeout: object) -> Answer:
        return Answer(200, '{"state": "success"}', 1)


class Cluster:
    """A Deployment as it is read; what is written to it fails the test."""

    async def read(self, ref: Ref) -> Json:
        raw = manifests.deployment("prod", version="v2", replicas=1)
        containers = raw["spec"]["template"]["spec"]["containers"]
        containers[0] |= {"name": "web", "image": "registry.example/api:v2"}
        raw["metadata"] |= {"name": ref.deployment, "uid": "d-1", "generation": 1, "managedFields": []}
        return {**raw, "status": {"readyReplicas": 1, "availableReplicas": 1, "replicas": 1, "updatedReplicas": 1}}

    async def replica_sets(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        return ()

    async def pods(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        return ()

    async def config_map(self, ref: Ref, name: str) -> Json | None:
        return None


class Slack:
    """Every message stands there."""

    async def posted(self, key: str) -> bool:
        return True

    async def deliveries(self, run: str) -> dict[str, Delivery]:
        return {key_of(run, "C9"): Delivery(posted=True)}


class Metrics:
    """A KPI that does not move."""

    async def range(self, source: str, query: str, moments: Moments) -> tuple[Series, ...]:
        at, points = moments.start, []
        while at <= moments.end:
            points.append((at.timestamp(), 1.0))
            at += moments.step
        return (Series(tuple(points)),)


class Books:
    """A library with one document."""

    def text(self, document: str) -> str:
        return "# Back\n"


class Releases:
    """What is good in other environments: nothing."""

    async def good(self, service: str, environment: str) -> tuple[KnownGood, ...]:
        return ()


class JobBoard:
    """As much of a cluster as Jobs need: a name is made once, and what it does is counted when it is made."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.standing: dict[str, Task] = {}

    async def start(self, task: Task) -> None:
        if task.name not in self.standing:
            self.standing[task.name] = task
            self.made["marks"] += 1

    async def look(self, task: Task) -> JobState | None:
        return JobState(TEN, over=True, exit_code=0, seconds=1) if task.name in self.standing else None

    async def output(self, task: Task) -> str:
        return "done"

    async def end(self, task: Task) -> Ending:
        return Ending.NOTHING

    async def marks(self) -> Effects:
        return dict(self.made)
