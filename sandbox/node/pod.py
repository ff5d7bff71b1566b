"""One pod on the node: runs its containers, tells the API their status, ends them when the pod is deleted."""

import asyncio
from datetime import UTC, datetime

from sandbox.node.api import STRATEGIC_MERGE, UNREACHABLE, Api, ApiError, Json
from sandbox.node.container import Container, Tools
from sandbox.node.status import pod_status

ADDRESS = "127.0.0.1"
_RETRY_SECONDS = 0.5
_GONE = frozenset({404, 409, 422})  # not there, or another one of that name


class Pod:
    """A pod bound to this node."""

    def __init__(self, manifest: Json, tools: Tools) -> None:
        self.manifest = manifest
        self.terminating = False
        self._grace = 0.0
        self._api = tools.api
        self._sent: Json = {}
        self._news = asyncio.Event()
        self._deleted = asyncio.Event()
        self.containers = tuple(
            Container(spec, pod=manifest, tools=tools, changed=self._news.set)
            for spec in manifest["spec"]["containers"]
        )

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return str(self.manifest["metadata"]["namespace"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return self.manifest["metadata"].get("labels") or {}

    @property
    def ready(self) -> bool:
        """Whether requests may be sent to it."""
        return not self.terminating and all(one.status.ready for one in self.containers)

    async def run(self) -> None:
        """Run it until it has been deleted; a finished one stays until then."""
        self._news.set()
        try:
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._tell_news())
                await self._run_containers()
                await self._deleted.wait()
                telling.cancel()
            await self._tell()
            await delete(self._api, self.manifest)
        finally:
            for one in self.containers:
                one.close()

    async def terminate(self, grace_seconds: float) -> None:
        """End its containers within the grace, each on its own; returns when all have ended."""
        if self.terminating and grace_seconds >= self._grace:
            return
        self.terminating, self._grace = True, grace_seconds
        self._deleted.set()
        async with asyncio.TaskGroup() as group:
            for one in self.containers:
                group.create_task(one.stop(grace_seconds))

    async def _run_containers(self) -> None:
        async with asyncio.TaskGroup() as group:
            for one in self.containers:
                group.create_task(one.run())

    async def _tell_news(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._tell()

    async def _tell(self) -> None:
        """Patch the status until that has worked; a pod that is gone needs none."""
        while True:
            status = pod_status(
                self.manifest,
                [one.status for one in self.containers],
                address=ADDRESS,
                before=self._sent,
                now=datetime.now(UTC),
            )
            body = {"metadata": {"uid": self.manifest["metadata"]["uid"]}, "status": status}
            try:
                await self._api.call("PATCH", f"{path(self.manifest)}/status", body, content=STRATEGIC_MERGE)
            except ApiError as error:
                if error.code in _GONE:
                    return
            except UNREACHABLE:
                pass
            else:
                self._sent = status
                return
            await asyncio.sleep(_RETRY_SECONDS)


async def delete(api: Api, manifest: Json) -> None:
    """Take a pod that has ended out of the API."""
    body = {"gracePeriodSeconds": 0, "preconditions": {"uid": manifest["metadata"]["uid"]}}
    while True:
        try:
            await api.call("DELETE", path(manifest), body)
        except ApiError as error:
            if error.code in _GONE:
                return
        except UNREACHABLE:
            pass
        else:
            return
        await asyncio.sleep(_RETRY_SECONDS)


def path(manifest: Json) -> str:
    """Where the API has the pod."""
    metadata = manifest["metadata"]
    return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
