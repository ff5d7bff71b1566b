"""The node's Events on its pods, such as Unhealthy: the same again raises a count, as the kubelet does it."""

import asyncio
import uuid
from datetime import UTC, datetime

from sandbox.node.api import UNREACHABLE, Api, ApiError, Json
from sandbox.node.status import stamp


class Recorder:
    """Takes events at once and writes them one by one; one that can't be written is dropped."""

    def __init__(self, api: Api, node: str) -> None:
        self._api = api
        self._source = {"component": "kubelet", "host": node}
        self._queue: asyncio.Queue[Json] = asyncio.Queue()
        self._known: dict[tuple[str, ...], Json] = {}

    def record(self, pod: Json, reason: str, message: str, *, container: str = "", warning: bool = True) -> None:
        """Say something about a pod, or one of its containers."""
        metadata = pod["metadata"]
        about = {
            "apiVersion": "v1",
            "kind": "Pod",
            **{name: metadata[name] for name in ("name", "namespace", "uid")},
            **({"fieldPath": f"spec.containers{{{container}}}"} if container else {}),
        }
        self._queue.put_nowait(
            {
                "metadata": {
                    "name": f"{metadata['name']}.{uuid.uuid4().hex[:16]}",
                    "namespace": metadata["namespace"],
                },
                "involvedObject": about,
                "type": "Warning" if warning else "Normal",
                "reason": reason,
                "message": message,
            }
        )

    async def run(self) -> None:
        """Write what was recorded, for ever."""
        while True:
            event = await self._queue.get()
            try:
                await self._write(event, stamp(datetime.now(UTC)))
            except (ApiError, *UNREACHABLE):
                continue

    async def _write(self, event: Json, now: str) -> None:
        about = event["involvedObject"]
        key = (about["uid"], about.get("fieldPath", ""), event["reason"], event["message"])
        path = f"/api/v1/namespaces/{about['namespace']}/events"
        if known := self._known.get(key):
            known["count"] += 1
            change = {"count": known["count"], "lastTimestamp": now}
            await self._api.call("PATCH", f"{path}/{known['name']}", change, content="application/merge-patch+json")
        else:
            times = {"firstTimestamp": now, "lastTimestamp": now, "count": 1}
            await self._api.call(
                "POST", path, {**event, **times, "source": self._source, "reportingComponent": "kubelet"}
            )
            self._known[key] = {"name": event["metadata"]["name"], "count": 1}
