"""The Node object and its lease: what makes the control plane send pods here and believe that they live."""

import asyncio
import platform
from contextlib import suppress
from datetime import UTC, datetime

from sandbox.node.api import STRATEGIC_MERGE, UNREACHABLE, Api, ApiError, Json
from sandbox.node.pod import ADDRESS
from sandbox.node.status import stamp

_BEAT_SECONDS = 5.0
_RETRY_SECONDS = 0.5
_LEASE_SECONDS = 40
_STATUS_EVERY = 6  # beats
_CONFLICT = 409
_NOT_FOUND = 404
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


class Registration:
    """Registers one node and keeps it Ready."""

    def __init__(self, api: Api, name: str, *, kubelet_port: int) -> None:
        self._api = api
        self._name = name
        self._port = kubelet_port

    async def register(self) -> None:
        """Make the Node, or take over the one of that name; it is Ready afterwards."""
        labels = {"kubernetes.io/hostname": self._name, "kubernetes.io/os": "linux", "sandbox": "node"}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self._name, "labels": labels}}
        try:
            await self._api.call("POST", "/api/v1/nodes", node)
        except ApiError as error:
            if error.code != _CONFLICT:
                raise
        await self._renew()
        await self._report()

    async def keep_alive(self) -> None:
        """Renew the lease and the status for ever; after an outage at once."""
        beat = 0
        while True:
            await asyncio.sleep(_BEAT_SECONDS if beat else _RETRY_SECONDS)
            try:
                await self._renew()
                if beat % _STATUS_EVERY == 0:
                    await self._report()
            except (ApiError, *UNREACHABLE):
                beat = 0
            else:
                beat += 1

    async def leave(self) -> None:
        """Say that it is not Ready any more, so that nothing is scheduled here; unheard if nobody listens."""
        with suppress(ApiError, *UNREACHABLE):
            await self._report(ready=False)

    async def _renew(self) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": self._name, "leaseDurationSeconds": _LEASE_SECONDS, "renewTime": now}
        lease = {"metadata": {"name": self._name, "namespace": "kube-node-lease"}, "spec": spec}
        try:
            await self._api.call("PATCH", f"{_LEASES}/{self._name}", {"spec": spec}, content=STRATEGIC_MERGE)
        except ApiError as error:
            if error.code != _NOT_FOUND:
                raise
            await self._api.call("POST", _LEASES, lease)

    async def _report(self, *, ready: bool = True) -> None:
        status = _status(self._name, port=self._port, ready=ready, now=stamp(datetime.now(UTC)))
        await self._api.call(
            "PATCH", f"/api/v1/nodes/{self._name}/status", {"status": status}, content=STRATEGIC_MERGE
        )


def _status(name: str, *, port: int, ready: bool, now: str) -> Json:
    capacity = {"cpu": "16", "memory": "32Gi", "pods": "250"}
    conditions = [
        {"type": kind, "status": status, "reason": "Sandbox", "lastHeartbeatTime": now}
        for kind, status in [("Ready", str(ready)), *((pressure, "False") for pressure in _PRESSURES)]
    ]
    return {
        "capacity": capacity,
        "allocatable": capacity,
        "addresses": [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "conditions": conditions,
        "nodeInfo": {
            "kubeletVersion": "v1.37.2+sandbox",
            "operatingSystem": "linux",
            "architecture": platform.machine(),
            "osImage": "sandbox",
            "kernelVersion": platform.release(),
            "containerRuntimeVersion": "process://1",
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
            "kubeProxyVersion": "",
        },
    }
