"""Asks web servers for their health, by httpx; what comes back is a value, never an error."""

import asyncio
import time
from datetime import timedelta

import httpx

from runbooks.steps.http_health import Answer, NoAnswer

_BODY_BYTES = 2048
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
        seconds = timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self._get(url, seconds)
        except (TimeoutError, httpx.ReadTimeout):
            return NoAnswer(f"nothing within {seconds:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as cause:
            return NoAnswer(_WORDS.get(type(cause), type(cause).__name__))

    async def _get(self, url: str, seconds: float) -> Answer:
        began = time.monotonic()
        self._client.cookies.clear()
        async with self._client.stream("GET", url, headers=_HEADERS, timeout=seconds) as response:
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) >= _BODY_BYTES:
                    break
            text = body[:_BODY_BYTES].decode(errors="replace")
            return Answer(response.status_code, text, int((time.monotonic() - began) * 1000))
