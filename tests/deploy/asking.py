"""The API server asked outright, as one user: what it answers is what is looked at."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from sandbox.cluster.control_plane import ControlPlane
from tests.deploy.forbidden import Try

Ask = Callable[..., httpx.Response]
DRY = {"dryRun": "All"}


@contextmanager
def asking(plane: ControlPlane, token: str, **headers: str) -> Iterator[Ask]:
    """A client of the API with this token."""
    headers["Authorization"] = f"Bearer {token}"
    trust = ssl.create_default_context(cafile=str(plane.folder / "tls.crt"))
    client = httpx.Client(base_url=plane.server, verify=trust, headers=headers)

    def ask(one: Try, **query: str) -> httpx.Response:
        body = None if one.body is None else json.dumps(one.body)
        path, _, asked = one.path.partition("?")
        params = {**dict(part.split("=") for part in filter(None, [asked])), **query}
        return client.request(one.method, path, content=body, params=params, headers={"Content-Type": one.kind})

    with client:
        yield ask


def by_policy(answer: httpx.Response) -> bool:
    """Whether a policy of ours refused it."""
    return answer.status_code in (403, 422) and "ValidatingAdmissionPolicy 'opsbot-" in answer.text
