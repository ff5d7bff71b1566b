"""What the Jobs of each service are given: their ConfigMaps have those keys; of Secrets a person must see that."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.doctor.finding import Check, Finding, Subject
from bot.doctor.workloads import REACH
from runbooks.catalogue import Catalogue, Command, Service
from runbooks.steps.kubernetes.workloads import Denied, Ref

_BY_DESIGN = "the bot must not read Secrets"
_NO_RIGHT = "the bot has no right to read it, and needs none"


@dataclass(frozen=True)
class ReferenceChecks:
    """Reads by this."""

    workloads: KubernetesWorkloads

    def in_cluster(self, catalogue: Catalogue, cluster: str) -> Iterator[Check]:
        """One for each ConfigMap and Secret that is named where this cluster's Jobs run, however often it is."""
        namespace = catalogue.clusters[cluster].jobs_namespace
        part = f"jobs in {cluster}/{namespace}"
        commands = [each for service in _services(catalogue, cluster) for each in _commands(service)]
        for name, keys in _keys(place for each in commands for place in each.config_maps.values()).items():
            subject = Subject(part, f"ConfigMap {name}")
            yield Check(subject, partial(self._config_map, subject, Ref(cluster, namespace, name), keys), REACH)
        for name, keys in _keys(place for each in commands for place in each.secrets.values()).items():
            subject = Subject(part, f"Secret {name}")
            yield Check(subject, partial(self._secret, subject, namespace, name, keys), REACH)

    async def _config_map(self, subject: Subject, ref: Ref, keys: list[str]) -> Finding:
        name = ref.deployment
        try:
            found = await self.workloads.config_map(ref, name)
        except Denied:
            return subject.unseen(_NO_RIGHT, _look("configmap", name, ref.namespace, keys))
        if found is None:
            create = f"kubectl create configmap {name} --namespace {ref.namespace} --from-literal={keys[0]}=..."
            return subject.missing("a Job that is given it would not start: it is not there", create)
        there = {key for data in found.values() for key in data}
        if lacking := [key for key in keys if key not in there]:
            return subject.missing(f"it has no key {', '.join(lacking)}", "add it, or mend the name in the catalogue")
        return subject.ok(f"it has {', '.join(keys)}")

    async def _secret(self, subject: Subject, namespace: str, name: str, keys: list[str]) -> Finding:
        return subject.unseen(_BY_DESIGN, _look("secret", name, namespace, keys))


def _look(kind: str, name: str, namespace: str, keys: list[str]) -> str:
    return f"`kubectl describe {kind} {name} --namespace {namespace}` must show {', '.join(keys)}"


def _keys(places: Iterator[str]) -> dict[str, list[str]]:
    """Each name with its keys, of NAME/KEY."""
    found: dict[str, list[str]] = {}
    for name, _, key in (place.partition("/") for place in places):
        keys = found.setdefault(name, [])
        if key not in keys:
            keys.append(key)
    return found


def _services(catalogue: Catalogue, cluster: str) -> list[Service]:
    services = catalogue.services.values()
    return [each for each in services if any(place.cluster == cluster for place in each.environments.values())]


def _commands(service: Service) -> list[Command]:
    return [*service.commands.values(), *([service.onboarding] if service.onboarding else [])]
