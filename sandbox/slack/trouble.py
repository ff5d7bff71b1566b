"""Lets a call meet its fault: what is done, and what the caller is told."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.slack.answers import done, refused
from sandbox.slack.faults import Fault, Kind

Effect = Callable[[], Awaitable[web.Response]]
_LOOK_SECONDS = 0.02


async def meet(fault: Fault, request: web.Request, args: Mapping[str, Any], effect: Effect) -> web.Response | None:
    """The response after the fault; None when the caller gets none (its connection is cut)."""
    match fault.kind:
        case Kind.RATE_LIMITED:
            headers = {"Retry-After": f"{fault.seconds:g}"}
            return web.json_response(refused("ratelimited"), status=429, headers=headers)
        case Kind.SERVER_ERROR:
            return web.Response(status=500, text="made to fail")
        case Kind.ERROR:
            return web.json_response(refused(fault.error))
        case Kind.SWALLOW:
            return web.json_response(_made_up(args))
        case Kind.DELAY:
            await asyncio.sleep(fault.seconds)
            return await effect()
        case Kind.DUPLICATE:
            await effect()
            return await effect()
        case Kind.LOST_ANSWER:
            await effect()
        case Kind.TIMEOUT_AFTER_EFFECT:
            await effect()
            await _until_gone(request, fault.seconds)
        case Kind.DROP_REQUEST:
            pass
    cut(request)
    return None


def _made_up(args: Mapping[str, Any]) -> dict[str, Any]:
    ts = f"{time.time():.6f}"
    return done(channel=args.get("channel"), ts=ts, message_ts=ts, message={**args, "ts": ts})


async def _until_gone(request: web.Request, seconds: float) -> None:
    """Wait until the caller has given up, or time is over."""
    deadline = time.monotonic() + seconds
    while _is_there(request) and time.monotonic() < deadline:  # noqa: ASYNC110 # no event tells that a client left
        await asyncio.sleep(_LOOK_SECONDS)


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def cut(request: web.Request) -> None:
    """End the caller's connection without a word."""
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()
