"""The node: runs what the scheduler binds to it, and tells what became of it.

`async with Node(kubeconfig=..., repository=..., cache=...) as node:` registers it and works until the block ends;
then every process it started is killed.
"""

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.node.api import UNREACHABLE, ApiError, Json, connected
from sandbox.node.container import Container, Tools
from sandbox.node.events import Recorder
from sandbox.node.images import Images
from sandbox.node.logs import serve_logs
from sandbox.node.pod import Pod, delete
from sandbox.node.ports import Ports
from sandbox.node.registration import Registration
from sandbox.node.spread import Spreader
from sandbox.service.manifests import IMAGE

_PODS = "/api/v1/pods"
_RETRY_SECONDS = 0.5
_OVER = frozenset({"Succeeded", "Failed"})


class Node:
    """A node of one cluster, for the images of one repository, which `cache` keeps unpacked.

    The kubeconfig's folder holds the key pair that the logs are served with, as the sandbox's control plane has it.
    """

    def __init__(self, *, kubeconfig: Path, repository: Path, cache: Path, name: str = "sandbox") -> None:
        self.name = name
        self._kubeconfig = kubeconfig
        self._images = Images({IMAGE: repository}, cache)
        self._pods: dict[str, tuple[Pod, asyncio.Task[None]]] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(connected(self._kubeconfig))
            logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsbot-node-")))
            port = await stack.enter_async_context(serve_logs(self._container, certificate=self._kubeconfig.parent))
            recorder = Recorder(api, self.name)
            tools = Tools(api=api, images=self._images, recorder=recorder, ports=Ports(), logs=logs)
            registration = Registration(api, self.name, kubelet_port=port)
            await registration.register()
            stack.push_async_callback(registration.leave)
            self._work = asyncio.create_task(self._serve(registration, recorder, tools))
            stack.push_async_callback(self._end)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def run(self) -> None:
        """Wait until it ends, which it does only by a fault of its own."""
        await asyncio.shield(self._work)

    async def expose(self, namespace: str, selector: Mapping[str, str], port: int = 0) -> int:
        """Listen on a local port in front of the Ready pods with these labels; the port, which stays the same.

        Connections go to one pod after another; while none is Ready, an HTTP request is answered with 503.
        """

        def endpoints() -> list[int]:
            return [pod.containers[0].port for pod in self.pods(namespace, selector) if pod.ready]

        spreader = Spreader(endpoints)
        found = await spreader.open(port)
        self._stack.push_async_callback(spreader.close)
        return found

    def pods(self, namespace: str, selector: Mapping[str, str] | None = None) -> list[Pod]:
        """The pods of a namespace with these labels that the node knows, oldest first."""
        wanted = (selector or {}).items()
        return [pod for pod, _ in self._pods.values() if pod.namespace == namespace and wanted <= pod.labels.items()]

    def _container(self, namespace: str, pod: str, name: str) -> Container | None:
        found = (one for known in self.pods(namespace) if known.name == pod for one in known.containers)
        return next((one for one in found if one.name == name), None)

    async def _serve(self, registration: Registration, recorder: Recorder, tools: Tools) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(registration.keep_alive())
            group.create_task(recorder.run())
            group.create_task(self._follow(tools, group))

    async def _end(self) -> None:
        self._work.cancel()
        with suppress(asyncio.CancelledError):
            await self._work

    async def _follow(self, tools: Tools, group: asyncio.TaskGroup) -> None:
        """Keep up with the pods bound to this node, for ever: list, watch, and list again when the watch is lost."""
        query = {"fieldSelector": f"spec.nodeName={self.name}"}
        while True:
            with suppress(ApiError, *UNREACHABLE):
                listed = await tools.api.call("GET", _PODS, query=query)
                self._match(listed["items"], tools, group)
                await self._watch(tools, group, query=query, since=listed["metadata"]["resourceVersion"])
            await asyncio.sleep(_RETRY_SECONDS)

    async def _watch(self, tools: Tools, group: asyncio.TaskGroup, *, query: Mapping[str, str], since: str) -> None:
        while True:
            async with aclosing(tools.api.watch(_PODS, query=query, since=since)) as events:
                async for event in events:
                    since = event["object"]["metadata"]["resourceVersion"]
                    match event["type"]:
                        case "ADDED" | "MODIFIED":
                            self._see(event["object"], tools, group)
                        case "DELETED":
                            self._forget(event["object"]["metadata"]["uid"])

    def _match(self, manifests: list[Json], tools: Tools, group: asyncio.TaskGroup) -> None:
        for uid in self._pods.keys() - {manifest["metadata"]["uid"] for manifest in manifests}:
            self._forget(uid)
        for manifest in manifests:
            self._see(manifest, tools, group)

    def _see(self, manifest: Json, tools: Tools, group: asyncio.TaskGroup) -> None:
        uid, deleted = manifest["metadata"]["uid"], "deletionTimestamp" in manifest["metadata"]
        known = self._pods.get(uid)
        if known is None and (deleted or manifest.get("status", {}).get("phase") in _OVER):
            if deleted:  # it ended with a node before this one
                group.create_task(delete(tools.api, manifest))
            return
        if known is None:
            pod = Pod(manifest, tools)
            self._pods[uid] = (pod, group.create_task(pod.run()))
            return
        pod = known[0]
        pod.manifest = manifest
        if deleted:
            grace = manifest["metadata"].get("deletionGracePeriodSeconds", 0)
            group.create_task(pod.terminate(grace))

    def _forget(self, uid: str) -> None:
        known = self._pods.pop(uid, None)
        if known is not None:
            known[1].cancel()
