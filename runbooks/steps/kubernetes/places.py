"""The fields of a pod template, each at its place, told apart as the cluster's managedFields tell them. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Place = tuple[str, ...]
"""The way to a field from the template, in tokens of fieldsV1: `f:spec`, `f:containers`, `k:{"name":"api"}`, ..."""

_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""List -> what tells its items apart; any other list is one field."""
_ORDER = "order"
_CONTAINERS = {"f:containers": "container", "f:initContainers": "init container"}
_METADATA = {"f:annotations": "pod annotation", "f:labels": "pod label"}
_LISTED = {"f:env": "env", "f:volumeMounts": "mount", "f:ports": "port"}


def leaves(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every field with its value; what is null or empty is as good as not there, as it is to the cluster."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, (*at, f"f:{key}"))
    elif (tokens := _tokens(value, at)) is not None:
        for token, inner in zip(tokens, value, strict=True):
            yield from leaves(inner, (*at, token))
        if len(tokens) > 1:
            yield (*at, _ORDER), tokens  # that of env makes other pods
    elif value is not None and value != []:
        yield at, value


def _tokens(value: Any, at: Place) -> list[str] | None:
    """What names the items of a list; None where it is one field."""
    keys = _KEYS.get(at[-1].removeprefix("f:")) if at else None
    if keys is None or not isinstance(value, list) or not value:
        return None
    tokens = [_token(item, keys) for item in value]
    return tokens if len(set(tokens)) == len(tokens) else None


def _token(item: Mapping[str, Any], keys: Sequence[str]) -> str:
    return "k:" + json.dumps({key: item[key] for key in keys if key in item}, separators=(",", ":"))


def same(place: Place, one: Mapping[Place, Any], other: Mapping[Place, Any]) -> bool:
    """Whether a field is the same in both; of an order, that of the items which both have."""
    if place[-1] != _ORDER:
        return bool(one.get(place) == other.get(place))
    first, second = one.get(place) or (), other.get(place) or ()
    return [item for item in first if item in second] == [item for item in second if item in first]


def said(place: Place, was: Mapping[Place, Any], now: Mapping[Place, Any]) -> str:
    """What people call it: `resources of container api`, `env FLAG of container api`, `volume cache`."""
    match place:
        case ("f:spec", kind, token, *inside) if kind in _CONTAINERS and token != _ORDER:
            container = f"{_CONTAINERS[kind]} {_item(token)}"
            itself = (*place[:3], "f:name")
            if itself not in was or itself not in now:
                return f"{container} ({'added' if itself in now else 'removed'})"
            return f"{_inside(inside)} of {container}"
        case ("f:spec", "f:volumes", token, *_) if token != _ORDER:
            return f"volume {_item(token)}"
        case ("f:metadata", kind, key, *_) if kind in _METADATA:
            return f"{_METADATA[kind]} {key.removeprefix('f:')}"
        case (_, field, *rest):
            return f"{'order of ' if rest == [_ORDER] else ''}{field.removeprefix('f:')} of the pods"
        case _:
            return "the pods"


def _inside(place: Sequence[str]) -> str:
    field, *rest = place
    if rest == [_ORDER]:
        return f"order of {field.removeprefix('f:')}"
    if field in _LISTED and rest:
        return f"{_LISTED[field]} {_item(rest[0])}"
    return field.removeprefix("f:")


def _item(token: str) -> str:
    return str(next(iter(json.loads(token.removeprefix("k:")).values())))
