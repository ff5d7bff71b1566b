"""A container's environment and command, as its spec says: values, references, `$(NAME)`."""

import base64
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.node.api import Api, ApiError, Json

_NOT_FOUND = 404
_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_LABEL = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")

ENTRY_POINT = [sys.executable, "-S", "-m", "backend_py"]
"""What an image runs when the pod does not say; without site-packages it starts in half the time."""


class ConfigMissing(Exception):
    """A ConfigMap, a Secret or a key of one is not there, or a field can't be referred to."""


async def environment(container: Json, *, pod: Json, api: Api) -> dict[str, str]:
    """The variables of a container, without those of the node; ConfigMissing."""
    found: dict[str, str] = {}
    namespace = str(pod["metadata"]["namespace"])
    for source in container.get("envFrom", []):
        kind, reference = _source(source)
        data = await _data(api, kind, namespace, reference)
        found.update({source.get("prefix", "") + key: value for key, value in (data or {}).items()})
    for entry in container.get("env", []):
        value = await _value(entry, pod=pod, api=api, known=found)
        if value is not None:
            found[entry["name"]] = value
    return found


def of_node(pod: Json, *, port: int, files: Path) -> dict[str, str]:
    """The variables every process of a pod gets; `port` is its own, whatever the pod says."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    name = str(pod["metadata"]["name"])
    return {
        "PATH": path,
        "HOME": str(files),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "HOSTNAME": name,
        "PORT": str(port),
    }


def command(container: Json, variables: Mapping[str, str]) -> list[str]:
    """The argument list: the pod's, or the image's entry point; `python` is found on the node's PATH."""
    words = [*(container.get("command") or ENTRY_POINT), *container.get("args", [])]
    return [expand(word, variables) for word in words]


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)` where NAME is known; `$$` stands for `$`."""
    return _REFERENCE.sub(lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]), text)


def _source(source: Json) -> tuple[str, Json]:
    if "configMapRef" in source:
        return "configmaps", source["configMapRef"]
    return "secrets", source["secretRef"]


async def _value(entry: Json, *, pod: Json, api: Api, known: Mapping[str, str]) -> str | None:
    source = entry.get("valueFrom")
    if source is None:
        return expand(entry.get("value", ""), known)
    if "fieldRef" in source:
        return _field(pod, str(source["fieldRef"]["fieldPath"]))
    kind, reference = (
        ("configmaps", source["configMapKeyRef"])
        if "configMapKeyRef" in source
        else ("secrets", source["secretKeyRef"])
    )
    data = await _data(api, kind, str(pod["metadata"]["namespace"]), reference)
    key = str(reference["key"])
    if data is not None and key in data:
        return data[key]
    if reference.get("optional"):
        return None
    what = "Secret" if kind == "secrets" else "ConfigMap"
    raise ConfigMissing(f"couldn't find key {key} in {what} {pod['metadata']['namespace']}/{reference['name']}")


async def _data(api: Api, kind: str, namespace: str, reference: Json) -> dict[str, str] | None:
    try:
        found = await api.call("GET", f"/api/v1/namespaces/{namespace}/{kind}/{reference['name']}")
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
        if reference.get("optional"):
            return None
        raise ConfigMissing(f'{kind.removesuffix("s")} "{reference["name"]}" not found') from error
    data: dict[str, str] = found.get("data") or {}
    if kind == "secrets":
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    return data


def _field(pod: Json, path: str) -> str:
    if found := _LABEL.fullmatch(path):
        return str(pod["metadata"].get(found[1], {}).get(found[2], ""))
    known = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "status.podIP": "127.0.0.1",
        "status.hostIP": "127.0.0.1",
    }
    if path not in known:
        raise ConfigMissing(f"the sandbox's node knows no field {path}")
    return str(known[path])
