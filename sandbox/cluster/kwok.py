"""Simulated nodes: their pods run nothing and only say so, which is enough for large or generated histories."""

from pathlib import Path
from typing import Any

from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.processes import Process
from sandbox.served import Served

_STAGES = Path(__file__).with_name("stages.yaml")
_MARK = "kwok.x-k8s.io/node"
_FAKE = "fake"

PLACEMENT: dict[str, Any] = {
    "nodeSelector": {_MARK: _FAKE},
    "tolerations": [{"key": _MARK, "operator": "Equal", "value": _FAKE, "effect": "NoSchedule"}],
}
"""What a pod's spec needs in order to land on a simulated node; without it, it stays on the nodes that run things."""


class Kwok(Served):
    """kwok for one control plane: a context manager. `stages.yaml` tells which image does what."""

    def __init__(self, control_plane: ControlPlane, *, nodes: int = 1) -> None:
        self._control_plane = control_plane
        self._nodes = nodes
        self._process: Process | None = None

    def start(self) -> None:
        """Start it, with its nodes."""
        plane = self._control_plane
        self._process = Process(_command(plane), plane.folder / "kwok.log")
        plane.kubectl.apply([_node(f"simulated-{number}") for number in range(self._nodes)])

    def stop(self) -> None:
        """End it at once; its nodes stay in the control plane."""
        if self._process is not None:
            self._process.kill()


def _command(plane: ControlPlane) -> list[str]:
    return [
        str(plane.programs / "kwok"),
        f"--kubeconfig={plane.admin_kubeconfig}",
        f"--config={_STAGES}",
        "--manage-all-nodes=false",
        f"--manage-nodes-with-annotation-selector={_MARK}={_FAKE}",
        "--node-ip=127.0.0.1",
        "--node-lease-duration-seconds=40",
    ]


def _node(name: str) -> dict[str, Any]:
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", _MARK: _FAKE}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {_MARK: _FAKE}},
        "spec": {"taints": [{"key": _MARK, "value": _FAKE, "effect": "NoSchedule"}]},
    }
