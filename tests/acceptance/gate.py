"""A gate before the API server: it holds one request, or the answer to one, until it is opened.

Whoever speaks through it sees an API server with the same certificate.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import yaml
from aiohttp import web

from sandbox.cluster.control_plane import ControlPlane

Which = Callable[[web.Request], bool | Awaitable[bool]]
Rewrite = Callable[[bytes], bytes]
_CHANGED = {"host", "content-length", "transfer-encoding", "content-encoding", "accept-encoding", "connection"}


class Gate:
    """An async context manager; `kubeconfig` leads through it."""

    def __init__(self, cluster: ControlPlane, *, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.held = asyncio.Event()  # a request or an answer is being held
        self.passed: asyncio.Future[int] = asyncio.get_running_loop().create_future()  # its status at the server
        self._cluster = cluster
        self._open = asyncio.Event()
        self._which: Which | None = None
        self._answer = False
        self._rewritten: Rewrite = bytes

    async def __aenter__(self) -> Self:
        folder = self._cluster.folder
        trusted = ssl.create_default_context(cafile=str(folder / "tls.crt"))
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted), auto_decompress=False)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/{path:.*}", self._through)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=own).start()
        config = yaml.safe_load(self._cluster.opsbot_kubeconfig.read_text())
        config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{self._runner.addresses[0][1]}"
        self.kubeconfig.write_text(yaml.safe_dump(config))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open()
        await self._runner.cleanup()
        await self._session.close()

    def hold_request(self, which: Which, *, rewritten: Rewrite = bytes) -> None:
        """Let the next such request reach the server, perhaps rewritten, only when the gate is opened."""
        self._which, self._answer, self._rewritten = which, False, rewritten

    def hold_answer(self, which: Which) -> None:
        """Let the answer to the next such request reach whoever asked only when the gate is opened."""
        self._which, self._answer = which, True

    def open(self) -> None:
        """Let everything through from now on."""
        self._which = None
        self._open.set()

    async def _through(self, request: web.Request) -> web.Response:
        body = await request.read()
        held = await self._is_meant(request)
        if held and not self._answer:
            await self._hold()
            body = self._rewritten(body)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _CHANGED}
        where = f"{self._cluster.server}{request.rel_url}"
        async with self._session.request(request.method, where, data=body, headers=headers) as answer:
            content = await answer.read()
        if held and self._answer:
            await self._hold()
        if held:
            self.passed.set_result(answer.status)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _CHANGED}
        return web.Response(status=answer.status, body=content, headers=kept)

    async def _is_meant(self, request: web.Request) -> bool:
        """Whether it is the one to be held; no other is afterwards."""
        which = self._which
        meant = which(request) if which is not None else False
        if not isinstance(meant, bool):
            meant = await meant
        if meant:
            self._which = None
        return meant

    async def _hold(self) -> None:
        self.held.set()
        await self._open.wait()


def real_patch(request: web.Request) -> bool:
    """A patch of a Deployment that is no dry run."""
    return request.method == "PATCH" and "/deployments/" in request.path and "dryRun" not in request.query


def comparing_nothing(patch: bytes) -> bytes:
    """A JSON patch without its tests: only a policy is left to refuse it."""
    return json.dumps([one for one in json.loads(patch) if one["op"] != "test"]).encode()
