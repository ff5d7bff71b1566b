"""Reads the arguments of a Web API call, in any of the forms that clients send them."""

import json
from typing import Any

from aiohttp import web

_JSON = {"blocks", "attachments", "metadata", "view", "files"}
_BEARER = "Bearer "


async def arguments(request: web.Request) -> tuple[dict[str, Any], str]:
    """The arguments without the token, and the token ("" if there is none)."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        args.update(await body(request))
    else:
        args.update({name: value for name, value in (await request.post()).items() if isinstance(value, str)})
    token = args.pop("token", "")
    header = request.headers.get("authorization", "")
    return {name: _read(name, value) for name, value in args.items()}, header.removeprefix(_BEARER) or token


async def body(request: web.Request) -> dict[str, Any]:
    """A JSON object from a request's body; empty if there is none."""
    try:
        read = json.loads(await request.read() or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _read(name: str, value: Any) -> Any:
    if name in _JSON and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
