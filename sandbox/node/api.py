"""The few calls the node makes to the Kubernetes API, as plain JSON."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient
from kubernetes.aio.config import new_client_from_config

Json = dict[str, Any]

STRATEGIC_MERGE = "application/strategic-merge-patch+json"
_WATCH_SECONDS = 240
_CALL_SECONDS = 10
_LOWEST_ERROR = 400

UNREACHABLE = (aiohttp.ClientError, TimeoutError, OSError)
"""What a call raises when the API server does not answer."""


class ApiError(Exception):
    """The API server refused; `code` is the HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Api:
    """One connection to one cluster; use `connected` to have it closed."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
    ) -> Json:
        """The answer's JSON; ApiError, or one of UNREACHABLE."""
        response = await self._send(method, path, body, query=query, content=content, seconds=_CALL_SECONDS)
        answer: Json = json.loads(await response.read() or b"{}")
        if response.status >= _LOWEST_ERROR:
            raise ApiError(response.status, str(answer.get("message", "")))
        return answer

    async def watch(self, path: str, *, query: Mapping[str, str], since: str) -> AsyncGenerator[Json, None]:
        """Events from a resource version on, until the server ends the watch; ApiError 410 when it is too old."""
        parameters = {
            **query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        response = await self._send("GET", path, None, query=parameters, seconds=_WATCH_SECONDS + 30)
        try:
            if response.status >= _LOWEST_ERROR:
                raise ApiError(response.status, (await response.text())[:500])
            async for line in response.content:
                event: Json = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(int(event["object"].get("code", 0)), str(event["object"].get("message", "")))
                yield event
        finally:
            response.close()

    async def _send(  # what an HTTP request is made of
        self,
        method: str,
        path: str,
        body: Json | None,
        *,
        query: Mapping[str, str] | None,
        content: str = "application/json",
        seconds: float,
    ) -> aiohttp.ClientResponse:
        request = await self._client.param_serialize(
            method,
            path,
            query_params=dict(query or {}),
            header_params={"Content-Type": content, "Accept": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        answer = await self._client.call_api(*request, _request_timeout=seconds)
        response: aiohttp.ClientResponse = answer.response
        return response


@asynccontextmanager
async def connected(kubeconfig: Path) -> AsyncIterator[Api]:
    """An Api for the current context of a kubeconfig."""
    client = await new_client_from_config(str(kubeconfig), persist_config=False)  # type: ignore[no-untyped-call] # ships none
    async with client:
        yield Api(client)
