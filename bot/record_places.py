"""The places where a last known good is kept for people and other tools: a file, a ConfigMap, a git repository."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.kubernetes.config_maps import ConfigMap, KubernetesConfigMaps
from bot.adapters.lkg_file import write_lkg
from bot.adapters.lkg_git import Branch, GitRecords, Record
from runbooks.catalogue import Environment, GitPlace
from runbooks.releases.lkg_file import NotKept, lkg_json
from runbooks.releases.state import Release
from runbooks.vocabulary import KnownGood, Unreachable


@dataclass(frozen=True)
class Fault:
    """A place that does not hold the record: `silent` where it did not answer, so that nobody knows."""

    where: str
    sentence: str
    silent: bool


@dataclass(frozen=True)
class RecordPlaces:
    """Writes all that the catalogue names; what stands there already is left alone."""

    config_maps: KubernetesConfigMaps
    git: GitRecords
    named: Callable[[str], str]  # an environment variable's value

    async def write(self, release: Release, environment: Environment) -> list[Fault]:
        """Write the release's last known good; answers what went wrong, place by place."""
        good, faults = release.known_good, []
        for where, write in self._places(release, good, environment) if good else ():
            try:
                await write
            except NotKept as cause:
                faults.append(Fault(where, cause.sentence, silent=False))
            except Unreachable as cause:
                faults.append(Fault(where, f"{str(cause)[:1].upper()}{str(cause)[1:]}.", silent=True))
        return faults

    def _places(
        self, release: Release, good: KnownGood, environment: Environment
    ) -> Iterator[tuple[str, Awaitable[None]]]:
        text, place = lkg_json(good), environment.last_known_good
        if place is not None and place.file:
            yield place.file, asyncio.to_thread(write_lkg, Path(place.file), text)
        if place is not None and place.config_map:
            ref = ConfigMap(environment.cluster, environment.namespace, place.config_map)
            yield str(ref), self.config_maps.write(ref, text)
        if place is not None and place.git:
            where = f"{release.service} {release.environment}"
            message = f"{where}: {good.version} {good.commit[:7]} is the last known good ({good.run})"
            branch = branch_of(place.git, self.named)
            yield f"{branch.name}, {branch.path}", self.git.write(branch, Record(text, message, good.at))


def branch_of(place: GitPlace, named: Callable[[str], str]) -> Branch:
    """Where a record goes in git. Raises SettingsError where its variable is not set."""
    address = named(place.variable) if place.variable else place.repository
    name = f"the repository in {place.variable}" if place.variable else f"the repository {place.repository}"
    return Branch(address, place.branch, place.path, name)
