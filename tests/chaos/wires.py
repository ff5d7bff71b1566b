"""The wires from the bots to PostgreSQL and to the API server, on which answers are lost, late, or made up."""

import asyncio
import random
import ssl
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Self

import aiohttp
import yaml
from aiohttp import web

from sandbox.cluster.control_plane import ControlPlane

_CHANGED = {"host", "content-length", "transfer-encoding", "content-encoding", "accept-encoding", "connection"}
_LATE = 15.0  # seconds, at most, until what was sent again arrives


class _End(asyncio.Protocol):
    """One end of a connection through a wire; what it gets goes out at the other end."""

    def __init__(self, wire: "Wire", *, upstream: bool) -> None:
        self._wire, self._upstream = wire, upstream
        self._other: _End | None = None
        self._held: list[bytes] = []
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if not self._upstream:
            self._wire.ends.add(self)
            self._wire.start(self)

    def joined(self, other: "_End") -> None:
        self._other = other
        for data in self._held:
            other.send(data)
        self._held.clear()

    def data_received(self, data: bytes) -> None:
        if self._other is None:
            self._held.append(data)
        elif self._upstream and self._wire.mute:
            self._wire.met["answers lost"] += 1  # what was asked for is done; nobody is told
        elif self._wire.seconds:
            asyncio.get_running_loop().call_later(self._wire.seconds, self._other.send, data)
        else:
            self._other.send(data)

    def send(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def connection_lost(self, cause: Exception | None) -> None:
        self._wire.ends.discard(self)
        if self._other is not None and self._other.transport is not None:
            self._other.transport.close()

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class Wire:
    """TCP to a port of this machine; an async context manager."""

    def __init__(self, to: int) -> None:
        self.port = 0
        self.mute = False  # whether answers are swallowed
        self.seconds = 0.0  # how much later everything arrives
        self.met: Counter[str] = Counter()
        self.ends: set[_End] = set()
        self._to = to
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _End(self, upstream=False), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()

    def start(self, end: _End) -> None:
        """Connect an end that has come with the other side."""
        task = asyncio.get_running_loop().create_task(self._join(end))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, end: _End) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, other = await loop.create_connection(lambda: _End(self, upstream=True), "127.0.0.1", self._to)
        except OSError:
            end.cut()
            return
        if end.transport is None or end.transport.is_closing():  # it left meanwhile
            other.cut()
            return
        other.joined(end)
        end.joined(other)

    def cut(self) -> None:
        """Reset all connections."""
        for end in list(self.ends):
            end.cut()


class ApiWire:
    """HTTP to the API server; `kubeconfig` leads through it. An async context manager.

    While `share` is above 0, so many of the requests meet one of `kinds`.
    """

    KINDS = ("429", "500", "503", "late", "cut before", "cut after", "silent after", "twice", "again later")

    def __init__(self, cluster: ControlPlane, *, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.share = 0.0
        self.kinds: tuple[str, ...] = ()
        self.whims = random.Random()  # noqa: S311  # the nemesis gives one of its own
        self.met: Counter[str] = Counter()
        self.passed = 0
        self._cluster = cluster
        self._later: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        trusted = ssl.create_default_context(cafile=str(self._cluster.folder / "tls.crt"))
        connector = aiohttp.TCPConnector(ssl=trusted, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/{path:.*}", self._through)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        config = yaml.safe_load(self._cluster.opsbot_kubeconfig.read_text())
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self._runner.addresses[0][1]}"}
        self.kubeconfig.write_text(yaml.safe_dump(config))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._later:
            task.cancel()
        await self._runner.cleanup()
        await self._session.close()

    async def _through(self, request: web.Request) -> web.Response:
        body = await request.read()
        kind = self._kind()
        if kind in ("429", "500", "503"):
            return web.Response(status=int(kind), text="made to fail", headers={"retry-after": "1"})
        if kind == "cut before":
            return _cut(request)
        if kind == "late":
            await asyncio.sleep(self.whims.uniform(0.5, 8))
        try:
            answer = await self._ask(request, body)
        except (aiohttp.ClientError, OSError):
            return _cut(request)
        if kind == "cut after":
            return _cut(request)
        if kind == "silent after":
            await asyncio.sleep(12)  # longer than the bot waits
        if kind == "twice":
            with suppress(aiohttp.ClientError, OSError):
                await self._ask(request, body)
        if kind == "again later":
            self._again(request, body)
        return answer

    def _kind(self) -> str:
        self.passed += 1
        if not self.kinds or self.whims.random() >= self.share:
            return ""
        kind = self.whims.choice(self.kinds)
        self.met[kind] += 1
        return kind

    async def _ask(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _CHANGED}
        where = f"{self._cluster.server}{request.rel_url}"
        async with self._session.request(request.method, where, data=body, headers=headers) as answer:
            content = await answer.read()
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _CHANGED}
        return web.Response(status=answer.status, body=content, headers=kept)

    def _again(self, request: web.Request, body: bytes) -> None:
        async def later() -> None:
            await asyncio.sleep(self.whims.uniform(1, _LATE))
            with suppress(aiohttp.ClientError, OSError):
                await self._ask(request, body)

        task = asyncio.get_running_loop().create_task(later())
        self._later.add(task)
        task.add_done_callback(self._later.discard)


def _cut(request: web.Request) -> web.Response:
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()
    return web.Response()
