"""One client per cluster, made when it is first needed, and plain requests in JSON.

Nothing is retried here, every request has a short time-out, and objects stay as they came.
"""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import yaml
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException
from kubernetes.aio.config.incluster_config import load_incluster_config
from kubernetes.aio.config.kube_config import load_kube_config

from runbooks.vocabulary import Json

Query = Sequence[tuple[str, str]]
_PAUSES = (0.5, 1.0, 2.0)  # seconds
_NAME_ALONE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
_LONG = 600.0  # seconds; a JSON patch has a time-out of its own, which outlives that a process stands still


@dataclass(frozen=True)
class Address:
    """Where a cluster's API is: a kubeconfig (and which of its contexts), or the cluster this process runs in."""

    kubeconfig: Path | None = None
    context: str | None = None


@dataclass(frozen=True)
class Reply:
    """What the API answered, whatever its status."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status in range(200, 300)

    def json(self) -> Json:
        """The body as a JSON object; ValueError where it is none."""
        found = json.loads(self.body)
        if not isinstance(found, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004  # to callers it is a body that can't be read
        return found


def path(*parts: str) -> str:
    """An address below the API's root, each part quoted."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


class Clusters:
    """The clients of all clusters, by the catalogue's names; closed as a context."""

    def __init__(self, addresses: Mapping[str, Address], *, timeout: float = 10.0) -> None:
        self._addresses = addresses
        self._timeout = timeout  # seconds, of one request in all
        self._clients: dict[str, ApiClient] = {}
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.close()  # type: ignore[no-untyped-call]  # the package ships no types

    async def send(
        self,
        cluster: str,
        method: str,
        resource: str,
        *,
        query: Query = (),
        body: Any = None,
        kind: str = "application/json",
    ) -> Reply:
        """One request; raises what the client raises (aiohttp's errors, TimeoutError, ConfigException).

        What is forbidden was not done, and a server that is just starting forbids what it will allow once it has read
        the rights: it is asked again when it is ready, and its 403 is a 503 while it says that it is not.
        """
        asked = (cluster, method, resource, query, body, kind)
        reply = await self._sent(*asked)
        for pause in _PAUSES if reply.status == HTTPStatus.FORBIDDEN else ():
            ready = await self._sent(cluster, "GET", "/readyz")
            if ready.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return Reply(HTTPStatus.SERVICE_UNAVAILABLE, b"")
            if ready.ok:
                return await self._sent(*asked)
            await asyncio.sleep(pause)  # it forbids even that question, as it does at first: everybody may ask it
        return reply

    async def name_alone(self, cluster: str, resource: str) -> Reply:
        """Read an object without what is in it: its metadata is all that is sent. Raises what `send` raises."""
        client = await self._client(cluster)
        request = await client.param_serialize(
            "GET", resource, header_params={"Accept": _NAME_ALONE}, auth_settings=["BearerToken"]
        )
        answer = await client.call_api(*request, _request_timeout=self._timeout)
        body_read: bytes = await answer.read()  # type: ignore[no-untyped-call]  # the package ships no types
        return Reply(answer.status, body_read)

    async def _sent(
        self,
        cluster: str,
        method: str,
        resource: str,
        query: Query = (),
        body: Any = None,
        kind: str = "application/json",
    ) -> Reply:
        client = await self._client(cluster)
        request = await client.param_serialize(
            method,
            resource,
            query_params=list(query),
            header_params={"Accept": "application/json", "Content-Type": kind},
            body=body,
            auth_settings=["BearerToken"],
        )
        answer = await client.call_api(*request, _request_timeout=_LONG if kind == JSON_PATCH else self._timeout)
        body_read: bytes = await answer.read()  # type: ignore[no-untyped-call]  # the package ships no types
        return Reply(answer.status, body_read)

    async def _client(self, cluster: str) -> ApiClient:
        async with self._opening:
            if cluster not in self._clients:
                self._clients[cluster] = await _opened(self._addresses[cluster])
            return self._clients[cluster]


async def _opened(address: Address) -> ApiClient:
    configuration = Configuration()
    if address.kubeconfig is not None and not _is_there(address.kubeconfig):
        raise ConfigException("there is no such kubeconfig")  # the package would log a line of its own first
    try:
        await _configure(configuration, address)
    except (OSError, yaml.YAMLError) as fault:
        raise ConfigException("the kubeconfig can't be read") from fault
    return ApiClient(configuration)


def _is_there(kubeconfig: Path) -> bool:
    """Whether one of its files is there; as kubectl does, the package takes several with colons between."""
    return any(Path(each).expanduser().exists() for each in str(kubeconfig).split(os.pathsep))


async def _configure(configuration: Configuration, address: Address) -> None:
    if address.kubeconfig is None:
        # It reads the token anew each minute.
        load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # the package ships no types
        return
    loader = await load_kube_config(  # type: ignore[no-untyped-call]  # the package ships no types
        config_file=str(address.kubeconfig),
        context=address.context,
        client_configuration=configuration,
        persist_config=False,
    )
    if hasattr(loader, "exec_plugin_expiry"):  # a plugin's token ends: ask the plugin again when it does
        configuration.refresh_api_key_hook = loader.load_and_set
