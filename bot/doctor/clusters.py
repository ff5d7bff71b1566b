"""Each cluster: it answers, the bot has its rights and no others, the workloads of the catalogue are there."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.adapters.kubernetes.rights import KubernetesRights, Right
from bot.doctor import rights
from bot.doctor.finding import Check, Finding, Subject, listed
from bot.doctor.workloads import REACH, WorkloadChecks
from runbooks.catalogue import Catalogue, Runner, Service
from runbooks.steps.kubernetes.workloads import Denied

_FIND = "`kubectl get rolebindings,clusterrolebindings -A -o wide` shows what is bound to it"


@dataclass(frozen=True)
class ClusterChecks:
    """Asks by these two; `catalogue` says what must be there, `lacking` why a cluster can't be asked at all."""

    catalogue: Catalogue
    rights: KubernetesRights
    workloads: WorkloadChecks
    lacking: Mapping[str, str]

    def checks(self, cluster: str) -> Check:
        """All of one cluster; nothing else is asked where it does not answer."""
        then = (self._beyond(cluster), *self._needed(cluster), *self._workloads(cluster))
        return Check(_subject(cluster, "api"), partial(self._api, cluster), REACH, then)

    async def _api(self, cluster: str) -> Finding:
        subject = _subject(cluster, "api")
        if cluster in self.lacking:
            return subject.missing(self.lacking[cluster], "set it to the path of a kubeconfig")
        try:
            return subject.ok(f"Kubernetes {await self.rights.version(cluster)} answers")
        except Denied as denied:
            return subject.wrong(denied.sentence, REACH)

    def _beyond(self, cluster: str) -> Check:
        """What the bot must not have; what it has in the whole cluster is not told again of each namespace."""
        near = [
            self._must_not(cluster, namespace, rights.forbidden_in_service(namespace))
            for namespace in self._namespaces(cluster)
        ]
        if jobs := self._jobs(cluster):
            near.append(self._must_not(cluster, jobs, rights.forbidden_in_jobs(jobs)))
        return replace(self._must_not(cluster, "", rights.forbidden_in_cluster()), then=tuple(near))

    def _needed(self, cluster: str) -> Iterator[Check]:
        for namespace, deployments in self._namespaces(cluster).items():
            needed = rights.needed_by_service(namespace, deployments, self._records(cluster, namespace))
            yield self._needs(cluster, namespace, needed)
        if jobs := self._jobs(cluster):
            yield self._needs(cluster, jobs, rights.needed_by_jobs(jobs))

    def _workloads(self, cluster: str) -> Iterator[Check]:
        for namespace, place, service in self._places(cluster):
            yield from self.workloads.checks(cluster, namespace, place=place, service=service)

    def _places(self, cluster: str) -> Iterator[tuple[str, str, Service]]:
        """Namespace, `SERVICE ENVIRONMENT` and service of all that runs there."""
        for name, service in self.catalogue.services.items():
            for environment, place in service.environments.items():
                if place.cluster == cluster:
                    yield place.namespace, f"{name} {environment}", service

    def _namespaces(self, cluster: str) -> dict[str, list[str]]:
        """Where services run, each with its Deployments."""
        found: dict[str, list[str]] = {}
        for namespace, _, service in self._places(cluster):
            names = found.setdefault(namespace, [])
            names += [each.deployment for each in service.workloads if each.deployment not in names]
        return found

    def _records(self, cluster: str, namespace: str) -> list[str]:
        """The ConfigMaps there in which last known goods are kept."""
        services = self.catalogue.services.values()
        places = [place for service in services for place in service.environments.values()]
        kept = [p.last_known_good for p in places if (p.cluster, p.namespace) == (cluster, namespace)]
        return sorted({each.config_map for each in kept if each is not None and each.config_map})

    def _jobs(self, cluster: str) -> str:
        """The namespace of the bot's Jobs; "" where no command runs as one."""
        used = any(_has_jobs(service) for _, _, service in self._places(cluster))
        return self.catalogue.clusters[cluster].jobs_namespace if used else ""

    def _needs(self, cluster: str, namespace: str, needed: Sequence[Right]) -> Check:
        subject = _subject(cluster, f"rights in {namespace}")

        async def look() -> Finding:
            held = await self._allowed(cluster, needed)
            lacking = [right for right in needed if right not in held]
            if lacking:
                told = f"the bot may not {_grouped(lacking)}"
                where = f"add that to the Role opsbot in {namespace}, and see that its RoleBinding names this bot"
                return subject.missing(told, f"{where}: deploy/kubernetes shows both")
            return subject.ok(f"all {len(needed)} that its work needs")

        return Check(subject, look, REACH)

    def _must_not(self, cluster: str, namespace: str, forbidden: Sequence[Right]) -> Check:
        where = f"in {namespace}" if namespace else "in the whole cluster"
        subject = _subject(cluster, f"no other rights {where}")

        async def look() -> Finding:
            if held := await self._allowed(cluster, forbidden):
                what = "do everything" if rights.EVERYTHING in held else _grouped(held)
                told = f"the bot may {what}, which its work never needs"
                return subject.wrong(told, f"take it from the bot's user or ServiceAccount; {_FIND}")
            return subject.ok(f"none of the {len(forbidden)} that would be dangerous")

        return Check(subject, look, REACH)

    async def _allowed(self, cluster: str, asked: Sequence[Right]) -> list[Right]:
        answers = await asyncio.gather(*(self.rights.may(cluster, right) for right in asked))
        return [right for right, allowed in zip(asked, answers, strict=True) if allowed]


def _subject(cluster: str, check: str) -> Subject:
    return Subject(f"cluster {cluster}", check)


def _grouped(found: Sequence[Right]) -> str:
    """Rights in a sentence, the verbs of each resource together."""
    verbs: dict[str, list[str]] = {}
    for right in found:
        verbs.setdefault(right.kind, []).append(right.verb)
    return listed(f"{'/'.join(each)} {kind}" for kind, each in verbs.items())


def _has_jobs(service: Service) -> bool:
    onboarding = (service.onboarding,) if service.onboarding else ()
    return any(command.runner is Runner.JOB for command in (*service.commands.values(), *onboarding))
