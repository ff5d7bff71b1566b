"""Where last known goods are kept beside Opsbot's own disk: each ConfigMap and each branch takes a record."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from bot.adapters.kubernetes.config_maps import ConfigMap, KubernetesConfigMaps
from bot.adapters.lkg_git import GitRecords
from bot.doctor.finding import Check, Finding, Subject
from bot.doctor.sites import place_of, sites
from bot.doctor.workloads import REACH
from bot.record_places import branch_of
from runbooks.catalogue import Catalogue, GitPlace
from runbooks.releases.lkg_file import NotKept
from runbooks.steps.base import Site

_GIT = "see that `repository` is right, and that this host and its credentials may read it (`git ls-remote`)"
_MEND = "do that, or name another place for it (`last-known-good`)"
_SECONDS = 10.0


@dataclass(frozen=True)
class RecordChecks:
    """Asks by these two, and writes nothing."""

    config_maps: KubernetesConfigMaps
    git: GitRecords
    named: Callable[[str], str]

    def in_cluster(self, catalogue: Catalogue, cluster: str) -> Iterator[Check]:
        """Each ConfigMap there."""
        for site in sites(catalogue):
            place = site.environment.last_known_good
            if site.environment.cluster == cluster and place is not None and place.config_map:
                subject = Subject(_part(site), f"ConfigMap {place.config_map}")
                yield Check(subject, partial(self._config_map, subject, site, place.config_map), REACH)

    def in_git(self, catalogue: Catalogue) -> Iterator[Check]:
        """Each branch."""
        for site in sites(catalogue):
            place = site.environment.last_known_good
            if place is not None and place.git:
                subject = Subject(_part(site), f"{place.git.path} on branch {place.git.branch}")
                yield Check(subject, partial(self._branch, subject, place.git), _GIT)

    async def _config_map(self, subject: Subject, site: Site, name: str) -> Finding:
        ref = ConfigMap(site.environment.cluster, site.environment.namespace, name)
        return await _taken(subject, self.config_maps.try_write(ref), "it is there, and a dry run may change it")

    async def _branch(self, subject: Subject, place: GitPlace) -> Finding:
        trying = self.git.try_write(branch_of(place, self.named), seconds=_SECONDS)
        return await _taken(subject, trying, "it takes a push, by a dry run")


async def _taken(subject: Subject, trying: Awaitable[None], fine: str) -> Finding:
    try:
        await trying
    except NotKept as cause:
        return subject.wrong(cause.sentence.rstrip("."), _MEND)
    return subject.ok(fine)


def _part(site: Site) -> str:
    return f"last known good of {place_of(site)}"
