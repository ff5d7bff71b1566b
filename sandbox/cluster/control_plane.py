"""A Kubernetes control plane in a folder: etcd, API server, controller manager and scheduler as processes of ours."""

import ssl
import time
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.cluster import programs
from sandbox.cluster.audit import AuditLog
from sandbox.cluster.build import build
from sandbox.cluster.identities import ADMIN, OPSBOT, admin_token, make_identities, token_of, write_kubeconfig
from sandbox.cluster.kubectl import Kubectl
from sandbox.cluster.processes import Process, ProcessEnded, free_port
from sandbox.cluster.rights import install, service_rights

_START_SECONDS = 60
_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 2
_TOKEN_HOURS = 24 * 365


class ControlPlaneFailed(Exception):
    """It did not come up; the message carries the end of a log."""


class ControlPlane:
    """One control plane; a context manager, and `start` and `stop` by hand for outages.

    A folder that held one before goes on where it ended. Ports and users stay the same over restarts of this object.
    The processes end with the thread that called `start`, however it ends. It has no nodes: see `sandbox.node` and
    `sandbox.cluster.kwok`. `durable=False` trades safety against power loss for speed; with `rights=False` nothing of
    `deploy/kubernetes` is in it.
    """

    def __init__(
        self, folder: Path, *, binaries: Path | None = None, durable: bool = True, rights: bool = True
    ) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.programs = binaries or build()
        self.admin_kubeconfig = self.folder / f"{ADMIN}.kubeconfig"
        self.opsbot_kubeconfig = self.folder / f"{OPSBOT}.kubeconfig"
        self.kubectl = Kubectl(self.programs / "kubectl", self.admin_kubeconfig)
        self.audit = AuditLog(self.folder / "audit.log")
        self._durable = durable
        self._rights = rights
        self._places = programs.Places(self.programs, self.folder, free_port(), free_port(), free_port())
        self._processes: list[Process] = []

    @property
    def server(self) -> str:
        """The address of the API."""
        return f"https://127.0.0.1:{self._places.server}"

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of what runs, by program."""
        return {process.name: process.pid for process in self._processes}

    def start(self) -> None:
        """Start everything, return once the API is ready and the bot has its rights."""
        make_identities(self.folder, programs=self.programs)
        write_kubeconfig(self.admin_kubeconfig, token=admin_token(self.folder), server=self.server)
        try:
            self._run(programs.etcd(self._places, durable=self._durable))
            self._run(programs.api_server(self._places))
            self._wait_until_ready()
            self._run(programs.controller_manager(self._places))
            self._run(programs.scheduler(self._places))
            if self._rights:
                install(self.kubectl, self.folder)
                write_kubeconfig(self.opsbot_kubeconfig, token=self._opsbot_token(), server=self.server)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything at once; what is in the folder is enough to start again."""
        for process in reversed(self._processes):
            process.kill()
        self._processes.clear()

    def grant(self, namespace: str) -> None:
        """Make a namespace, or take one that is there, and give the bot the rights in it that `deploy/` ships."""
        self.kubectl.apply(service_rights(namespace))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _opsbot_token(self) -> str:
        """A token of the ServiceAccount that deploy/kubernetes makes; where it had one, the same."""
        if self.opsbot_kubeconfig.exists():
            return token_of(self.opsbot_kubeconfig)
        return self.kubectl("create", "token", OPSBOT, "-n", OPSBOT, f"--duration={_TOKEN_HOURS}h").strip()

    def _run(self, command: list[str]) -> None:
        log = self.folder / f"{Path(command[0]).name}.log"
        self._processes.append(Process(command, log))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            self._check()
            if time.monotonic() > deadline:
                words = self._processes[-1].last_words()
                raise ControlPlaneFailed(f"The API server is not ready after {_START_SECONDS} s:\n{words}")
            time.sleep(_POLL_SECONDS)

    def _answers(self) -> bool:
        trust = ssl.create_default_context(cafile=str(self.folder / "tls.crt"))
        connection = HTTPSConnection("127.0.0.1", self._places.server, timeout=_ANSWER_SECONDS, context=trust)
        headers = {"Authorization": f"Bearer {admin_token(self.folder)}"}
        with closing(connection), suppress(OSError, HTTPException):
            connection.request("GET", "/readyz", headers=headers)
            return connection.getresponse().status == HTTPStatus.OK
        return False

    def _check(self) -> None:
        try:
            for process in self._processes:
                process.check()
        except ProcessEnded as error:
            raise ControlPlaneFailed(str(error)) from error
