"""The configuration a release ran with: the ConfigMaps its pod template refers to, one hash over all. Pure."""

from collections.abc import Iterator, Mapping

from runbooks.digests import digest_of
from runbooks.steps.kubernetes.deployments import containers_of
from runbooks.vocabulary import Json

ConfigMaps = Mapping[str, Json | None]
"""ConfigMap -> its `data` and `binaryData`; None where there is none of that name."""


def config_maps_of(template: Json) -> tuple[str, ...]:
    """The names of all ConfigMaps that a pod template refers to, sorted."""
    return tuple(sorted({*_of_containers(template), *_of_volumes(template)}))


def _of_containers(template: Json) -> Iterator[str]:
    for _, _, container in containers_of(template):
        for source in container.get("envFrom") or ():
            if found := source.get("configMapRef"):
                yield str(found["name"])
        for variable in container.get("env") or ():
            if found := (variable.get("valueFrom") or {}).get("configMapKeyRef"):
                yield str(found["name"])


def _of_volumes(template: Json) -> Iterator[str]:
    for volume in template["spec"].get("volumes") or ():
        projected = (volume.get("projected") or {}).get("sources") or ()
        for source in (volume, *projected):
            if found := source.get("configMap"):
                yield str(found["name"])


def config_hash(templates: Mapping[str, Json], config_maps: ConfigMaps) -> str:
    """SHA-256, as `sha256:...`, over the templates (by Deployment) without images, and the ConfigMaps' data."""
    bare = {deployment: _without_images(template) for deployment, template in templates.items()}
    return "sha256:" + digest_of({"templates": bare, "config-maps": dict(config_maps)})


def _without_images(template: Json) -> Json:
    groups = {group for group, _, _ in containers_of(template)}
    bare = {
        group: [
            {key: value for key, value in container.items() if key != "image"}
            for container in template["spec"][group]
        ]
        for group in groups
    }
    return {**template, "spec": {**template["spec"], **bare}}


def key_hashes(config_map: Json | None) -> dict[str, str]:
    """Key -> SHA-256 of its value: enough to say later which keys changed, without keeping them."""
    values = {**((config_map or {}).get("data") or {}), **((config_map or {}).get("binaryData") or {})}
    return {key: digest_of(value) for key, value in values.items()}


def drift(before: Mapping[str, Mapping[str, str]], now: ConfigMaps) -> tuple[str, ...]:
    """The ConfigMaps that are not as they were, one clause each: `ConfigMap web-env changed since (2 keys)`."""
    return tuple(clause for name, keys in sorted(before.items()) if (clause := _changed(name, keys, now.get(name))))


def _changed(name: str, before: Mapping[str, str], found: Json | None) -> str:
    if found is None:
        return f"ConfigMap {name} is gone" if before else ""
    now = key_hashes(found)
    count = len({key for key in before.keys() | now.keys() if before.get(key) != now.get(key)})
    return f"ConfigMap {name} changed since ({count} key{'s' if count > 1 else ''})" if count else ""
