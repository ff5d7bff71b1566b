"""Readiness and liveness probes by HTTP GET, as a container declares them."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Self

import aiohttp

from sandbox.node.api import Json

_GOOD = range(200, 400)
_FIRST_TRIES_SECONDS = 0.1
_SLOW_START_SECONDS = 5.0  # while nothing listens yet, refusals in this time are no failures


class Unsupported(Exception):
    """The pod asks for something that the sandbox's node does not do."""


@dataclass(frozen=True)
class Result:
    """What one probing found; `decided` when enough in a row found the same."""

    fault: str | None
    decided: bool


@dataclass(frozen=True)
class Probe:
    """A probe with its defaults filled in; times in seconds."""

    path: str
    delay: float
    period: float
    timeout: float
    successes: int
    failures: int

    @classmethod
    def of(cls, spec: Json | None) -> Self | None:
        """From a container's spec, where there may be none; Unsupported."""
        if spec is None:
            return None
        if "httpGet" not in spec:
            raise Unsupported("the sandbox's node runs httpGet probes only")
        return cls(
            path=str(spec["httpGet"].get("path", "/")),
            delay=float(spec.get("initialDelaySeconds", 0)),
            period=float(spec.get("periodSeconds", 10)),
            timeout=float(spec.get("timeoutSeconds", 1)),
            successes=int(spec.get("successThreshold", 1)),
            failures=int(spec.get("failureThreshold", 3)),
        )

    async def results(self, port: int) -> AsyncGenerator[Result, None]:
        """Probe for ever. A fresh process is asked often until it listens, so that it is ready as soon as it is."""
        row, good = 0, False
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.timeout)) as session:
            await asyncio.sleep(self.delay)
            await self._until_it_listens(port)
            while True:
                fault = await self._ask(session, f"http://127.0.0.1:{port}{self.path}")
                row, good = (row + 1 if good == (fault is None) else 1), fault is None
                yield Result(fault, decided=row >= (self.successes if good else self.failures))
                await asyncio.sleep(self.period)

    async def _until_it_listens(self, port: int) -> None:
        for _ in range(int(_SLOW_START_SECONDS / _FIRST_TRIES_SECONDS)):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(_FIRST_TRIES_SECONDS)
            else:
                writer.close()
                return

    async def _ask(self, session: aiohttp.ClientSession, url: str) -> str | None:
        try:
            async with session.get(url, allow_redirects=False) as response:
                if response.status in _GOOD:
                    return None
                return f"HTTP probe failed with statuscode: {response.status}"
        except TimeoutError:
            return f'Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        except aiohttp.ClientError as error:
            return f'Get "{url}": {error}'
