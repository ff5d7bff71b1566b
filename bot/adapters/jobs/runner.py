"""Runs commands as Kubernetes Jobs, over the API; meets `runbooks.steps.command.JobRunner`.

The Job's name is its fence: it is the same for every attempt at one step of one run, so that a second creation,
however late, meets the first one, and a Job that was ended leaves a stone of its name.
"""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from bot.adapters.jobs.manifest import CONTAINER, epoch_of, is_stone, job, stone
from bot.adapters.jobs.state import is_over, is_running, state_of
from bot.adapters.kubernetes.client import Clusters, Query, Reply, path
from bot.adapters.kubernetes.errors import asking, changing, cluster_named, fault_of_patch, fault_of_read
from bot.adapters.processes.output_buffer import joined
from runbooks.steps.command import Ending, JobRefused, JobState, Task
from runbooks.steps.kubernetes.deployments import FIELD_MANAGER
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied
from runbooks.vocabulary import Fenced, Json, Unreachable

_OUTPUT_BYTES = 1_000_000
_HEAD_BYTES = 250_000
_END_LINES = (2_000, 100, 5)  # of a log that is longer than that: as many as fit
_TAIL_BYTES, _TAIL_LINES = 8_192, 5
_REFUSALS = {
    "exceeded quota": "the quota of its namespace is used up",
    "violates PodSecurity": "Pod Security refuses its pod",
    "ValidatingAdmissionPolicy": "an admission policy refuses its pod",
    "admission webhook": "an admission webhook refuses its pod",
    "serviceaccount": "its ServiceAccount is missing",
    "FailedCreate": "the cluster refuses to make its pod",
}
_GOING_SECONDS = 8.0  # how long an ended Job's pods are waited for
_LOOK_AGAIN_SECONDS = 0.5
_TRIES = 5


class KubernetesJobs:
    """A JobRunner. `namespaces`: where each cluster's Jobs run."""

    def __init__(self, clusters: Clusters, namespaces: Mapping[str, str]) -> None:
        self._clusters = clusters
        self._namespaces = namespaces

    async def start(self, task: Task) -> None:
        """Create it, or find it."""
        if not await self._create(task, job(task)):
            await self._find(task)

    async def look(self, task: Task) -> JobState | None:
        """The Job, its pod, and the pod's last lines."""
        found = await self._find(task)
        if found is None:
            return None
        pod = None if is_stone(found) else await self._pod(task)
        if is_over(found, pod):
            return state_of(found, pod)
        tail = await self._end_of_log(task, pod, (_TAIL_LINES,), _TAIL_BYTES) if is_running(pod) else b""
        refused = await self._refusal(task) if pod is None else ""
        return state_of(found, pod, tail=tail.decode(errors="replace"), refused=refused)

    async def output(self, task: Task) -> str:
        """The log of its pod: whole, or its beginning and its last lines."""
        pod = await self._pod(task)
        head = await self._log(task, pod, limit=_OUTPUT_BYTES)
        if len(head) < _OUTPUT_BYTES:
            return head.decode(errors="replace")
        return joined(head[:_HEAD_BYTES], await self._end_of_log(task, pod, _END_LINES, _OUTPUT_BYTES))

    async def end(self, task: Task) -> Ending:
        """Delete it, put its stone there, and wait a little for its pods."""
        ending = Ending.NOTHING
        for _ in range(_TRIES):
            found = await self._find(task)
            if found is not None and (is_stone(found) or is_over(found, await self._pod(task))):
                break
            if found is not None:
                await self._delete(task, found)
                ending = Ending.ENDED
            if await self._create(task, stone(task)):
                break
        else:
            raise Unreachable(cluster_named(task.cluster), f"Job {task.name} does not end")
        return ending if ending is Ending.NOTHING or await self._gone(task) else Ending.GOING

    async def _gone(self, task: Task) -> bool:
        """Whether its pods are gone within a few seconds."""
        deadline = asyncio.get_running_loop().time() + _GOING_SECONDS
        while await self._pod(task) is not None:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return True

    async def _find(self, task: Task) -> Json | None:
        """The Job or its stone; Fenced where a later holder than this one ended it."""
        found = await self._get(task, self._jobs(task, task.name), f"Job {task.name}")
        if found is not None and is_stone(found) and epoch_of(found) > task.epoch:
            raise Fenced(f"Job {task.name} was ended by holder {epoch_of(found)}, this was {task.epoch}")
        return found

    async def _pod(self, task: Task) -> Json | None:
        """The newest pod of the Job."""
        query = [("labelSelector", f"batch.kubernetes.io/job-name={task.name}")]
        found = await self._get(task, self._core(task, "pods"), "Pods", query) or {}
        pods = sorted(found.get("items") or (), key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
        return pods[-1] if pods else None

    async def _create(self, task: Task, manifest: Json) -> bool:
        """Whether it was created; False where one of its name stands there. A lost answer is found by that name."""
        reply = await self._change(task, "POST", self._jobs(task), manifest, [("fieldManager", FIELD_MANAGER)])
        if reply.status == HTTPStatus.CONFLICT:
            return False
        if reply.status == HTTPStatus.NOT_FOUND:
            raise JobRefused(f"The cluster {task.cluster} has no namespace {self._namespaces[task.cluster]}.")
        self._must(task, reply)
        return True

    async def _delete(self, task: Task, found: Json) -> None:
        """Delete this very Job; its pods follow."""
        options = {"propagationPolicy": "Background", "preconditions": {"uid": found["metadata"]["uid"]}}
        reply = await self._change(task, "DELETE", self._jobs(task, task.name), options)
        if reply.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):  # it is gone, or another has its name
            self._must(task, reply)

    async def _change(self, task: Task, method: str, where: str, body: Json, query: Query = ()) -> Reply:
        try:
            with changing(task.cluster):
                return await self._clusters.send(task.cluster, method, where, query=query, body=body)
        except AnswerLost as fault:
            raise Unreachable(cluster_named(task.cluster), str(fault)) from fault

    def _must(self, task: Task, reply: Reply) -> None:
        if reply.ok:
            return
        match fault := fault_of_patch(task.cluster, reply.status, reply.body, f"Job {task.name}"):
            case Denied(sentence=sentence):
                raise JobRefused(sentence)
            case AnswerLost():
                raise Unreachable(cluster_named(task.cluster), f"it answered {reply.status}")
            case Unreachable():
                raise fault
            case _:
                raise JobRefused(f"The cluster {task.cluster} refused Job {task.name} ({reply.status}).")

    async def _get(self, task: Task, where: str, what: str, query: Query = ()) -> Json | None:
        reply = await self._read(task, where, query)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if not reply.ok:
            fault = fault_of_read(task.cluster, reply.status, reply.body, what)
            raise JobRefused(fault.sentence) if isinstance(fault, Denied) else fault
        with asking(task.cluster):
            return reply.json()

    async def _end_of_log(self, task: Task, pod: Json | None, counts: Sequence[int], limit: int) -> bytes:
        """The last lines, as many of `counts` as stay within `limit` bytes; the API cuts at the wrong end."""
        for lines in counts:
            found = await self._log(task, pod, limit=limit, lines=lines)
            if len(found) < limit:
                return found
        return b""

    async def _log(self, task: Task, pod: Json | None, *, limit: int, lines: int | None = None) -> bytes:
        """The beginning of the container's log, or of its last lines; nothing where there is no log."""
        if pod is None:
            return b""
        query = [("container", CONTAINER), ("limitBytes", str(limit))]
        query += [("tailLines", str(lines))] if lines is not None else []
        reply = await self._read(task, self._core(task, "pods", pod["metadata"]["name"], "log"), query)
        return reply.body if reply.ok else b""

    async def _refusal(self, task: Task) -> str:
        """Why the cluster makes no pod, in words: its own message may echo the pod."""
        query = [("fieldSelector", f"involvedObject.name={task.name},reason=FailedCreate")]
        reply = await self._read(task, self._core(task, "events"), query)
        said = reply.body.decode(errors="replace") if reply.ok else ""
        return next((words for sign, words in _REFUSALS.items() if sign in said), "")

    async def _read(self, task: Task, where: str, query: Query = ()) -> Reply:
        with asking(task.cluster):
            return await self._clusters.send(task.cluster, "GET", where, query=query)

    def _jobs(self, task: Task, *name: str) -> str:
        return path("apis", "batch", "v1", "namespaces", self._namespaces[task.cluster], "jobs", *name)

    def _core(self, task: Task, *parts: str) -> str:
        return path("api", "v1", "namespaces", self._namespaces[task.cluster], *parts)
