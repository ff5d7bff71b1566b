"""What is not configured as it was in the last known good: keys of ConfigMaps, Secrets referred to, variables. Pure.

Names alone: no value is told, and what is in a Secret is never read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from runbooks.redaction import HIDDEN
from runbooks.steps.kubernetes.config_hash import ConfigMaps, config_maps_of, key_hashes
from runbooks.steps.kubernetes.deployments import containers_of
from runbooks.steps.kubernetes.secret_names import secrets_of
from runbooks.suspects import Config
from runbooks.vocabulary import Json, KnownWorkload

_NEW, _DROPPED = "is referred to since", "is not referred to any more"


def config_maps_then_and_now(known: KnownWorkload, template: Json) -> tuple[str, ...]:
    """The names of the ConfigMaps to read, sorted."""
    return tuple(sorted({*known.config_maps, *config_maps_of(template)}))


def config_changes(known: KnownWorkload, template: Json, config_maps: ConfigMaps) -> tuple[Config, ...]:
    """All that differs, ConfigMaps first. `config_maps`: those of `config_maps_then_and_now`, as they are."""
    return (*_config_maps(known, template, config_maps), *_secrets(known, template), *_variables(known, template))


def of_workload(found: tuple[Config, ...], workload: str) -> tuple[Config, ...]:
    """The same, said of one of several Deployments."""
    return tuple(replace(each, workload=workload) for each in found)


def _config_maps(known: KnownWorkload, template: Json, found: ConfigMaps) -> Iterator[Config]:
    referred = config_maps_of(template)
    for name in config_maps_then_and_now(known, template):
        before, now = known.config_maps.get(name), found.get(name)
        if before is None:
            yield Config("ConfigMap", name, how=_NEW)
        elif name not in referred:
            yield Config("ConfigMap", name, how=_DROPPED)
        elif now is None:
            yield from [Config("ConfigMap", name, how="is gone")] if before else []
        elif keys := _differing(before, key_hashes(now)):
            yield Config("ConfigMap", name, keys=keys)


def _secrets(known: KnownWorkload, template: Json) -> Iterator[Config]:
    before, now = set(secrets_of(known.template)), set(secrets_of(template))
    yield from (Config("Secret", name, how=_NEW) for name in sorted(now - before))
    yield from (Config("Secret", name, how=_DROPPED) for name in sorted(before - now))


def _variables(known: KnownWorkload, template: Json) -> Iterator[Config]:
    """The environment that the templates themselves give; where a value was not stored, nobody knows it."""
    before, now = _environments(known.template), _environments(template)
    for container in now.keys() & before.keys():
        was = before[container]
        told = {name: each for name, each in now[container].items() if was.get(name, {}).get("value") != HIDDEN}
        kept = {name: each for name, each in was.items() if each.get("value") != HIDDEN or name not in now[container]}
        if keys := _differing(kept, told):
            yield Config("environment of container", container, keys=keys)


def _environments(template: Json) -> dict[str, dict[str, Json]]:
    return {
        str(container["name"]): {str(each["name"]): each for each in container.get("env") or ()}
        for _, _, container in containers_of(template)
    }


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key)))
