"""The proxy before the local Slack: everything passes through it, the bot's calls and sockets and the page.

It supplies the methods that the local Slack lacks, keeps Slack's rules where it does not (rules.py), keeps a journal,
and is the place where things go wrong on purpose (faults.py).
"""

import asyncio
import json
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.slack.answers import Answer, Args, refused
from sandbox.slack.arguments import arguments, body
from sandbox.slack.faults import Fault, Faults
from sandbox.slack.files import SHOW, UPLOAD, Files
from sandbox.slack.forms import Forms
from sandbox.slack.journal import Call, Journal
from sandbox.slack.limits import Limits
from sandbox.slack.memory import Memory
from sandbox.slack.page import Page
from sandbox.slack.page_code import PERSON_COOKIE, mended
from sandbox.slack.rules import Offers, for_the_person_alone
from sandbox.slack.scopes import shipped_scopes
from sandbox.slack.server import SlackServer
from sandbox.slack.sizes import too_large
from sandbox.slack.sockets import Sockets
from sandbox.slack.trouble import Effect, meet

RESPONSE_URL = "response_url"
_LARGEST = 1 << 30
_HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding", "content-encoding", "accept-encoding"}


class Proxy:
    """One HTTP server on 127.0.0.1; `port` is kept over a stop and a start."""

    def __init__(self, server: SlackServer) -> None:
        self.port = 0
        self.journal = Journal()
        self.faults = Faults()
        self.limits: Limits | None = None  # as Slack has them, where this is to be as strict
        self.scopes = shipped_scopes()  # what the bot's token is said to have; nothing is refused for want of one
        self.ahead = timedelta()  # of this machine's clock
        self._offers = Offers()
        self._forms = Forms()
        self._server = server
        self.files = Files(lambda: self.url, self._ask, self._send)
        self.memory = Memory(server.workspace, self._ask, self._offers, self.files)
        self.sockets = Sockets(
            journal=self.journal,
            faults=self.faults,
            offers=self._offers,
            forms=self._forms,
            rewritten=self._rewritten,
        )
        self._listening: socket.socket | None = None
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def inject(self, fault: Fault) -> None:
        """Let something go wrong."""
        self.faults.add(fault)

    def clear(self) -> None:
        """Forget calls, faults and what was supplied from memory."""
        self.journal.clear()
        self.faults.clear()
        self.limits = None
        self.scopes = shipped_scopes()
        self.ahead = timedelta()
        self.memory.clear()

    async def start(self) -> None:
        """Listen."""
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_route("*", "/api/{method}", self._api)
        application.router.add_post("/_hooks/response/{id}", self._response_url)
        application.router.add_get("/socket/{id}", self._socket)
        application.router.add_get("/ui", self._page)
        application.router.add_post(f"{UPLOAD}/{{id}}", self._upload)
        application.router.add_get(f"{SHOW}/{{id}}", self._file)
        application.router.add_route("*", "/{path:.*}", self._other)
        self._session = aiohttp.ClientSession(auto_decompress=True)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        self._listening = socket.create_server(("127.0.0.1", self.port))
        await web.SockSite(self._runner, self._listening).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Cut all connections and listen no more."""
        await self._accept_no_more()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        self._runner = self._session = None

    async def _accept_no_more(self) -> None:
        """So that no connection is half accepted when its server closes: asyncio would leave its socket open."""
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            await asyncio.sleep(0)  # the last one that was accepted gets its transport
        self._listening = None

    @property
    def _upstream(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the proxy is not running")
        return self._session

    async def _ask(self, method: str, args: Args) -> Answer:
        token = {"authorization": f"Bearer {self._server.workspace.bot_token}"}
        async with self._upstream.post(f"{self._server.url}/api/{method}", json=dict(args), headers=token) as answer:
            told: Answer = await answer.json()
            return told

    async def _send(self, url: str, content: bytes) -> None:
        async with self._upstream.post(url, data=content) as answer:
            answer.raise_for_status()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        args, token = await arguments(request)
        call = self._noted(request.match_info["method"], args)
        return await self._through(request, call, partial(self._method, call, token))

    async def _method(self, call: Call, token: str) -> web.Response:
        known = {self._server.workspace.bot_token, self._server.workspace.app_token}
        if token not in known:
            return web.json_response(refused("invalid_auth" if token else "not_authed"))
        answer = await self.memory.answer(call.method, call.args)
        headers = {"date": format_datetime(datetime.now(UTC) + self.ahead, usegmt=True)}
        if token == self._server.workspace.bot_token:
            headers["x-oauth-scopes"] = ",".join(self.scopes)
        return web.json_response(text=self._rewritten(json.dumps(answer)), headers=headers)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        answer = for_the_person_alone(await body(request))
        call = self._noted(RESPONSE_URL, answer)
        return await self._through(request, call, partial(self._respond, request.match_info["id"], answer))

    async def _respond(self, identity: str, answer: Mapping[str, Any]) -> web.Response:
        if code := self._offers.use_answer(identity) or too_large(answer):
            return web.json_response(refused(code), status=404)
        async with self._upstream.post(f"{self._server.url}/_hooks/response/{identity}", json=answer) as told:
            return web.Response(status=told.status, text="ok")

    async def _through(self, request: web.Request, call: Call, effect: Effect) -> web.StreamResponse:
        """Do what the call asks for, unless a fault has other plans; keep what was answered."""
        fault = self.faults.take(call.method, call.args)
        if fault is None and self.limits is not None:
            fault = self.limits.take(call.method, call.args)
        response = await (meet(fault, request, call.args, effect) if fault else effect())
        if response is None:
            return web.Response()  # nobody is there any more
        call.status = response.status
        call.response = response.text
        if response.content_type == "application/json" and response.text:
            call.response = json.loads(response.text)
        self.journal.changed()
        return response

    def _noted(self, method: str, args: Args) -> Call:
        call = Call(method, args)
        self.journal.entries.append(call)
        self.journal.changed()
        return call

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        async with self._upstream.ws_connect(f"{self._server.url}{request.path}") as slack:
            return await self.sockets.serve(request, slack)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        self._noted(request.path, {})
        page = Page(
            request.cookies.get(PERSON_COOKIE, ""),
            offers=self._offers,
            forms=self._forms,
            workspace=self._server.workspace,
            journal=self.journal,
        )
        async with self._upstream.ws_connect(f"{self._server.url}/ui", max_msg_size=0) as slack:
            return await page.serve(request, slack)

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post() if request.content_type == "multipart/form-data" else None
        content = form["file"].file.read() if form else await request.read()  # type: ignore[union-attr] # a file
        known = self.files.receive(request.match_info["id"], content)
        return web.Response(text=f"OK - {len(content)}") if known else web.Response(status=404)

    async def _file(self, request: web.Request) -> web.Response:
        found = self.files.known.get(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found.content, content_type="image/png")

    async def _other(self, request: web.Request) -> web.StreamResponse:
        """The page itself, files, the control interface: passed on as they are."""
        is_json = request.content_type == "application/json"
        call = self._noted(request.path, await body(request) if is_json else {})
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        async with self._upstream.request(
            request.method, f"{self._server.url}{request.rel_url}", headers=headers, data=await request.read()
        ) as told:
            content = await told.read()
            if request.path == "/":
                content = mended(content.decode()).encode()
            kept = {name: value for name, value in told.headers.items() if name.lower() not in _HOP_BY_HOP}
        call.status = told.status
        self.journal.changed()
        return web.Response(status=told.status, body=content, headers=kept)

    def _rewritten(self, text: str) -> str:
        """The local Slack's own addresses in a text become the proxy's."""
        own = self._server.url.removeprefix("http")
        return text.replace(f"http{own}", self.url).replace(f"ws{own}", self.url.replace("http", "ws", 1))
