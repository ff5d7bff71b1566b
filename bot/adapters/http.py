"""Asks web servers for their health, and CI for a verdict, by httpx; what comes back is a value, never an error."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

import httpx

from runbooks.steps.http_health import Answer, NoAnswer

_BODY_BYTES = 2048
_VERDICT_BYTES = 512 * 1024
_HEADERS = {
    "accept-encoding": "identity",
    "connection": "close",  # a kept connection would lead to an old pod for ever
    "user-agent": "opsbot",
}
_WORDS = {
    httpx.ConnectTimeout: "no connection in time",
    httpx.ConnectError: "no connection",
    httpx.RemoteProtocolError: "not HTTP, or cut off",
    httpx.UnsupportedProtocol: "not an http address",
    httpx.InvalidURL: "not an address",
}


class HttpxGet:
    """GETs with one client: no redirects, no proxy, no cookies kept, at most 2 KiB of a body."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, url: str, timeout: timedelta) -> Answer | NoAnswer:
        """One answer within `timeout`, its body included."""
        return await _get(self._client, url, timeout, headers=_HEADERS, most=_BODY_BYTES)


class HttpxVerdicts:
    """Meets `runbooks.steps.ci_verdict.Verdicts`; `named` gives a variable's value. At most 512 KiB of a body."""

    def __init__(self, client: httpx.AsyncClient, named: Callable[[str], str]) -> None:
        self._client = client
        self._named = named

    async def ask(self, url: str, *, token: str | None, timeout: timedelta) -> Answer | NoAnswer:
        """One answer within `timeout`; the token goes to this address alone, since no redirect is followed."""
        bearer = {"authorization": f"Bearer {self._named(token)}"} if token else {}
        headers = {**_HEADERS, "accept": "application/json", **bearer}
        return await _get(self._client, url, timeout, headers=headers, most=_VERDICT_BYTES)


async def _get(
    client: httpx.AsyncClient, url: str, timeout: timedelta, *, headers: Mapping[str, str], most: int
) -> Answer | NoAnswer:
    seconds = timeout.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            return await _answer(client, url, seconds, headers=headers, most=most)
    except (TimeoutError, httpx.ReadTimeout):
        return NoAnswer(f"nothing within {seconds:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as cause:
        return NoAnswer(_WORDS.get(type(cause), type(cause).__name__))


async def _answer(
    client: httpx.AsyncClient, url: str, seconds: float, *, headers: Mapping[str, str], most: int
) -> Answer:
    began = time.monotonic()
    client.cookies.clear()
    async with client.stream("GET", url, headers=headers, timeout=seconds) as response:
        body = b""
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) >= most:
                break
        text = body[:most].decode(errors="replace")
        return Answer(response.status_code, text, int((time.monotonic() - began) * 1000))
