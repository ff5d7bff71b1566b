"""The life of one container: pulled, started, probed, restarted with a back-off, ended."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from shutil import which

from sandbox.node.api import UNREACHABLE, Api, ApiError, Json
from sandbox.node.environment import ConfigMissing, command, environment, of_node
from sandbox.node.events import Recorder
from sandbox.node.images import Image, ImageNotFound, Images, InvalidImageName
from sandbox.node.log import Log
from sandbox.node.ports import Ports
from sandbox.node.probes import Probe, Unsupported
from sandbox.node.process import Process
from sandbox.node.status import ContainerStatus, Running, State, Terminated, Waiting

_BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)  # the kubelet's go from 10 to 300
_LONGEST_BACK_OFF = 10.0
_FIRST_RESTART_SECONDS = 0.1
_GOOD_RUN_SECONDS = 10.0  # after it the back-off begins anew; the kubelet's is ten minutes
_RETRY_SECONDS = 1.0
_CANNOT_START = 128
_LOST = 255
_DEFAULT_GRACE_SECONDS = 30


@dataclass(frozen=True)
class Tools:
    """What all containers of a node share."""

    api: Api
    images: Images
    recorder: Recorder
    ports: Ports
    logs: Path


@dataclass(frozen=True)
class _Prepared:
    image: Image
    variables: dict[str, str]
    readiness: Probe | None
    liveness: Probe | None


class Container:
    """One container of one pod; `status` is its present, and `changed` is called when that becomes another."""

    def __init__(self, spec: Json, *, pod: Json, tools: Tools, changed: Callable[[], None]) -> None:
        self.name = str(spec["name"])
        self.status = _taken_over(spec, pod)
        self.port = tools.ports.take()
        self.log: Log | None = None
        self.previous_log: Log | None = None
        self.pid: int | None = None
        self._spec, self._pod, self._tools, self._changed = spec, pod, tools, changed
        self._runs = self.status.restarts + 1 if self.status.last else 0
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._grace = float(pod["spec"].get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS))

    async def run(self) -> None:
        """Keep it running as the pod's restart policy says, until it is over or stopped."""
        waits = _waits()
        while not self._stopping.is_set():
            if (prepared := await self._prepare()) is None:
                continue
            ended = await self._run(prepared)
            if self._stopping.is_set() or not self._restarts_after(ended):
                self._set(state=ended, over=True)
                break
            if (ended.finished - ended.started).total_seconds() > _GOOD_RUN_SECONDS:
                waits = _waits()
            await self._back_off(ended, next(waits))
        self._set(over=True, ready=False)

    async def stop(self, grace_seconds: float) -> None:
        """End it for good; may be called again with a shorter grace."""
        self._grace = min(self._grace, grace_seconds)
        self._stopping.set()
        if self._process is not None:
            await self._process.end(self._grace)

    def close(self) -> None:
        """Let others have its port."""
        self._tools.ports.give_back(self.port)

    async def _prepare(self) -> _Prepared | None:
        """All that a start needs; None after a wait, when something is missing that may still come."""
        image = self._spec["image"]
        try:
            _refuse_init_containers(self._pod)
            return _Prepared(
                image=await asyncio.to_thread(self._tools.images.pull, image),
                variables=await environment(self._spec, pod=self._pod, api=self._tools.api),
                readiness=Probe.of(self._spec.get("readinessProbe")),
                liveness=Probe.of(self._spec.get("livenessProbe")),
            )
        except InvalidImageName as error:
            await self._wait("InvalidImageName", str(error))
        except ImageNotFound as error:
            self._say("Failed", f'Failed to pull image "{image}": {error}')
            await self._wait("ErrImagePull", str(error))
            await self._wait("ImagePullBackOff", f'Back-off pulling image "{image}": {error}')
        except (ConfigMissing, Unsupported) as error:
            await self._wait("CreateContainerConfigError", str(error))
        except (ApiError, *UNREACHABLE) as error:
            await self._wait("CreateContainerError", str(error))
        return None

    async def _run(self, prepared: _Prepared) -> Terminated:
        """One run, from start to end."""
        started = datetime.now(UTC)
        variables = {
            **prepared.variables,
            **of_node(self._pod, port=self.port, files=prepared.image.files),
        }
        words = command(self._spec, variables)
        self._runs += 1
        self.status = replace(self.status, image_id=prepared.image.id, restarts=self._runs - 1)
        if which(words[0], path=variables["PATH"]) is None:
            message = f'exec: "{words[0]}": executable file not found in $PATH'
            return Terminated(_CANNOT_START, started, started, reason="StartError", message=message)
        process = await Process.start(words, files=prepared.image.files, variables=variables, log=self._next_log())
        return await self._supervised(process, prepared, started=started)

    async def _supervised(self, process: Process, prepared: _Prepared, *, started: datetime) -> Terminated:
        self._process, self.pid = process, process.pid
        container_id = f"process://{process.pid}"
        async with asyncio.TaskGroup() as group:
            if self._stopping.is_set():  # it was stopped while it started
                group.create_task(process.end(self._grace))
            self._set(state=Running(started), container_id=container_id, ready=prepared.readiness is None)
            probing = [
                *([group.create_task(self._watch_readiness(prepared.readiness))] if prepared.readiness else []),
                *([group.create_task(self._watch_liveness(prepared.liveness, process))] if prepared.liveness else []),
            ]
            code = await process.wait()
            for task in probing:
                task.cancel()
        self._process = self.pid = None
        return Terminated(code, started, datetime.now(UTC), container_id)

    async def _watch_readiness(self, probe: Probe) -> None:
        async for result in probe.results(self.port):  # ended by cancelling
            if result.fault:
                self._say("Unhealthy", f"Readiness probe failed: {result.fault}")
            if result.decided:
                self._set(ready=result.fault is None)

    async def _watch_liveness(self, probe: Probe, process: Process) -> None:
        async with aclosing(probe.results(self.port)) as results:
            async for result in results:
                if result.fault:
                    self._say("Unhealthy", f"Liveness probe failed: {result.fault}")
                    if result.decided:
                        break
        self._say("Killing", f"Container {self.name} failed liveness probe, will be restarted", warning=False)
        await process.end(self._grace)

    def _restarts_after(self, ended: Terminated) -> bool:
        policy = self._pod["spec"].get("restartPolicy", "Always")
        return policy == "Always" or (policy == "OnFailure" and ended.exit_code != 0)

    async def _back_off(self, ended: Terminated, seconds: float) -> None:
        """Wait before a restart; the first one comes at once, and is no loop yet."""
        state: State = ended
        if seconds > _FIRST_RESTART_SECONDS or ended.reason:
            reason = "RunContainerError" if ended.reason else "CrashLoopBackOff"
            message = (
                f"back-off {seconds:g}s restarting failed container={self.name} pod={self._pod['metadata']['name']}"
            )
            state = Waiting(reason, ended.message or message)
            self._say("BackOff", "Back-off restarting failed container")
        self._set(state=state, last=ended, ready=False)
        await self._pause(seconds)

    async def _wait(self, reason: str, message: str) -> None:
        self._set(state=Waiting(reason, message))
        await self._pause(_RETRY_SECONDS)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not after it was stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _next_log(self) -> Log:
        metadata = self._pod["metadata"]
        place = self._tools.logs / f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}" / self.name
        self.previous_log, self.log = self.log, Log(place / f"{self._runs - 1}.log")
        return self.log

    def _say(self, reason: str, message: str, *, warning: bool = True) -> None:
        self._tools.recorder.record(self._pod, reason, message, container=self.name, warning=warning)

    def _set(self, **news: object) -> None:
        self.status = replace(self.status, **news)  # type: ignore[arg-type] # fields of ContainerStatus, by name
        self._changed()


def _refuse_init_containers(pod: Json) -> None:
    if pod["spec"].get("initContainers"):
        raise Unsupported("the sandbox's node runs no init containers")


def _waits() -> Iterator[float]:
    return chain((_FIRST_RESTART_SECONDS,), _BACK_OFF_SECONDS, repeat(_LONGEST_BACK_OFF))


def _taken_over(spec: Json, pod: Json) -> ContainerStatus:
    """A fresh container's status, or that of one which a former node ran and which ended with it."""
    status = ContainerStatus(name=spec["name"], image=spec["image"])
    for old in pod.get("status", {}).get("containerStatuses", []):
        if old["name"] == spec["name"] and old.get("containerID"):
            now = datetime.now(UTC)
            lost = Terminated(_LOST, now, now, str(old["containerID"]), reason="ContainerStatusUnknown")
            return replace(status, last=lost, restarts=int(old["restartCount"]))
    return status
