"""Every way out of a process, at the libraries below the adapters: an effect that is new passes here too.

What a request only reads is let through uncounted; what is not known to read counts as an effect.
"""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import httpx
from yarl import URL

from tests.faults.points import Points
from tests.faults.statements import count_statements

_READS = {"GET", "HEAD", "OPTIONS"}
SLACK_READS = re.compile(r"\.(list|info|history|replies|test)$|^apps\.connections\.open$")
_SLACK = re.compile(r"/api/([a-zA-Z.]+)$")
_CLUSTER = re.compile(r"/namespaces/[^/]+/([a-z]+)(?:/[^/]+)?$")


def open_all(points: Points) -> None:
    """From here on every effect of this process stands between two points."""
    count_statements(points)
    _count_requests(points)
    _count_programs(points)
    _count_files(points)


def _count_requests(points: Points) -> None:
    """By aiohttp, which Slack's and Kubernetes' clients use, and by httpx."""
    request, send = aiohttp.ClientSession._request, httpx.AsyncClient.send
    say = aiohttp.ClientWebSocketResponse.send_str

    async def requested(session: Any, method: str, url: Any, **named: Any) -> Any:
        if not (what := _asked(method, URL(url))):
            return await request(session, method, url, **named)
        points.through(what)
        async with points.around(f"{what} {_key(named.get('json'))}"):
            return await request(session, method, url, **named)

    async def sent(client: Any, asked: httpx.Request, **named: Any) -> httpx.Response:
        if asked.method in _READS:
            return await send(client, asked, **named)
        points.through(f"{asked.method} by httpx")
        async with points.around(f"{asked.method} by httpx"):
            return await send(client, asked, **named)

    async def said(socket: Any, text: str, *given: Any, **named: Any) -> None:
        async with points.around("acknowledgement" if "envelope_id" in json.loads(text) else "word by socket"):
            await say(socket, text, *given, **named)

    aiohttp.ClientSession._request = requested
    httpx.AsyncClient.send = sent
    aiohttp.ClientWebSocketResponse.send_str = said


def _asked(method: str, url: URL) -> str:
    """What a request changes, in words that are the same in every play; "" where it only reads."""
    if found := _SLACK.search(url.path):
        return "" if SLACK_READS.search(found[1]) else f"slack {found[1]}"
    if method in _READS or url.query.get("dryRun") == "All":
        return ""
    if found := _CLUSTER.search(url.path):
        return f"{method} {found[1]}"
    return f"{method} by aiohttp"


def _key(body: Any) -> str:
    """The key of a message, which its first block carries."""
    blocks = body.get("blocks") if isinstance(body, Mapping) else None
    return str(blocks[0].get("block_id", "")) if blocks else ""


def _count_programs(points: Points) -> None:
    """Before one starts, once it runs, and when it has ended; of git only what leaves this machine."""
    start = asyncio.create_subprocess_exec

    async def started(program: str, *arguments: str, **named: Any) -> Any:
        is_git = program == "git"
        if is_git and "push" not in arguments:
            return await start(program, *arguments, **named)
        what = "git push" if is_git else "command"
        points.through(what)
        points.reach(f"before {what} starts")
        process = await start(program, *arguments, **named)
        points.reach(f"after {what} started")
        for name in ("wait", "communicate"):
            setattr(process, name, _then(points, f"after {what} ended", getattr(process, name)))
        return process

    asyncio.create_subprocess_exec = started


def _then(points: Points, point: str, inner: Any) -> Any:
    async def ended(*given: Any) -> Any:
        done = await inner(*given)
        points.reach(point, once=True)
        return done

    return ended


def _count_files(points: Points) -> None:
    """Files that others read take another's place at once (`os.replace`)."""
    replace = os.replace

    def replaced(new: Any, old: Any, **named: Any) -> None:
        what = f"file {Path(old).name}"
        points.through("file")
        points.reach(f"before {what}")
        replace(new, old, **named)
        points.reach(f"after {what}")

    os.replace = replaced
