"""Asks Prometheus for range queries, by httpx; its refusals come in its own words."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from runbooks.steps.kpis import Moments, NoPrometheus, QueryRefused, Series
from runbooks.vocabulary import Unreachable

_WHAT = "Prometheus"
_PASSING = {"timeout", "canceled", "unavailable", "internal"}  # kinds of its errors that another try may not meet
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_MOST_BYTES = 1 << 20


class PrometheusMetrics:
    """One client for all; `named` gives the value of a variable that the catalogue names."""

    def __init__(self, client: httpx.AsyncClient, named: Callable[[str], str], *, seconds: float = 10) -> None:
        self._client = client
        self._named = named
        self._seconds = seconds

    async def range(self, source: str, query: str, moments: Moments) -> tuple[Series, ...]:
        """The query's series. Raises QueryRefused, NoPrometheus, Unreachable."""
        address = source if source.startswith(("http://", "https://")) else self._named(source)
        asked = {
            "query": query,
            "start": f"{moments.start.timestamp():.3f}",
            "end": f"{moments.end.timestamp():.3f}",
            "step": f"{moments.step.total_seconds():.3f}",
            "timeout": f"{self._seconds * 1000:.0f}ms",
        }
        try:
            async with asyncio.timeout(self._seconds):
                status, body = await self._ask(f"{address.rstrip('/')}/api/v1/query_range", asked)
        except (TimeoutError, httpx.TimeoutException) as cause:
            raise Unreachable(_WHAT, f"nothing within {self._seconds:g} s") from cause
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as cause:
            raise NoPrometheus("`prometheus` names no address") from cause
        except httpx.HTTPError as cause:
            raise Unreachable(_WHAT, "no connection" if isinstance(cause, httpx.ConnectError) else "") from cause
        return _series(_answered(status, body))

    async def _ask(self, url: str, asked: dict[str, str]) -> tuple[int, bytes]:
        async with self._client.stream("POST", url, data=asked, timeout=self._seconds) as response:
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise QueryRefused("its answer is over 1 MB: ask for one series")
            return response.status_code, body


def _answered(status: int, body: bytes) -> dict[str, Any]:
    """The answer's data. Raises QueryRefused, NoPrometheus, Unreachable."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    found: dict[str, Any] = answer if isinstance(answer, dict) else {}
    if found.get("status") == "success" and isinstance(found.get("data"), dict):
        data: dict[str, Any] = found["data"]
        return data
    kind, message = found.get("errorType"), found.get("error")
    if kind in _PASSING or (kind is None and (status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER)):
        raise Unreachable(_WHAT, str(message or f"HTTP {status}"))
    if kind is None:
        raise NoPrometheus(f"`prometheus` leads to no Prometheus, or to one that lets nobody in (HTTP {status})")
    raise QueryRefused(str(message))


def _series(data: dict[str, Any]) -> tuple[Series, ...]:
    """Raises QueryRefused, NoPrometheus."""
    try:
        found = data["result"]
        if any("histograms" in one for one in found):
            raise QueryRefused("it gives histograms, no numbers: put `histogram_quantile(...)` around it")
        return tuple(Series(tuple((float(at), float(value)) for at, value in one["values"])) for one in found)
    except (LookupError, TypeError, ValueError) as cause:
        raise NoPrometheus("`prometheus` leads to something that answers otherwise than Prometheus") from cause
