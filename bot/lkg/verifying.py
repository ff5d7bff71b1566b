"""`opsbot lkg verify FILE`: whether a bundle is whole, is of this catalogue, and would be taken back now."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot import catalogue_file
from bot.adapters.kubernetes.client import Clusters
from bot.adapters.kubernetes.secret_names import KubernetesSecretNames
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.lkg.exporting import lacks, told
from bot.lkg.files import NoBundle, read_file, wanted_digest
from bot.outside import address_of
from bot.settings import Settings
from runbooks.catalogue import Catalogue
from runbooks.engine.places import find_place
from runbooks.releases.bundle import Bundle
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.deployments import images_of
from runbooks.steps.kubernetes.trial import Trial, tried
from runbooks.steps.kubernetes.workloads import Denied
from runbooks.vocabulary import OPSBOT, KnownWorkload, Refused, Unreachable


@dataclass(frozen=True)
class Verdict:
    """What was found, a line each; `good`: nothing keeps it from being restored."""

    lines: tuple[str, ...]
    good: bool


async def verify(settings: Settings, file: Path, *, digest: str = "", against_cluster: bool = False) -> Verdict:
    """Look at all of it. Raises NoBundle where the file is no whole bundle, SettingsError, DocumentError."""
    wanted = wanted_digest(file, digest)
    bundle = read_file(file, wanted)
    catalogue = catalogue_file.load(settings.catalogue).catalogue
    faults, notes = ([], [*lacks(bundle)]) if against_cluster else ([*lacks(bundle)], [])
    notes += unnamed(bundle)
    if not wanted:
        notes.append(
            "No SHA-256 was given and its name holds none, so nobody can say that this is what was exported."
        )
    try:
        site = site_of(bundle, catalogue)
    except NoBundle as fault:
        return _verdict(bundle, Trial((*faults, str(fault)), tuple(notes)))
    faults += mismatches(bundle, site)
    notes += strangers(bundle, site)
    if against_cluster and not mismatches(bundle, site):
        found = await _in_cluster(settings, catalogue, site)
        faults, notes = [*faults, *found.faults], [*notes, *found.notes]
    elif not against_cluster:
        notes.append(
            "The cluster was not asked: `--against-cluster` tries the restore there, without changing anything."
        )
    return _verdict(bundle, Trial(tuple(faults), tuple(notes)))


def site_of(bundle: Bundle, catalogue: Catalogue) -> Site:
    """The place that it is of. Raises NoBundle where the catalogue has none such."""
    good = bundle.known_good
    try:
        service, name, environment = find_place(catalogue, bundle.service, bundle.environment)
    except Refused as refused:
        what = refused.reason.removeprefix("unknown-")
        known = ", ".join(refused.facts["known"])
        raise NoBundle(f"The catalogue has no {what} {refused.facts['name']!r}; there are: {known}.") from refused
    return Site(
        run="verify",
        service_name=bundle.service,
        service=service,
        environment_name=name,
        environment=environment,
        requester=OPSBOT,
        version=good.version,
        commit=good.commit,
        target=good,
    )


def mismatches(bundle: Bundle, site: Site) -> list[str]:
    """What the catalogue's service has and the bundle lacks, a sentence each."""
    held = {each.deployment: each for each in bundle.known_good.workloads}
    return [
        f"The catalogue names {what}, and it holds none."
        for workload in site.service.workloads
        for what in _lacking(workload.deployment, workload.containers, held.get(workload.deployment))
    ]


def _lacking(deployment: str, containers: tuple[str, ...], held: KnownWorkload | None) -> Iterator[str]:
    if held is None:
        yield f"Deployment {deployment}"
        return
    there = images_of(held.template)
    yield from (f"container {name} of Deployment {deployment}" for name in containers if name not in there)


def strangers(bundle: Bundle, site: Site) -> list[str]:
    """What the bundle holds and the catalogue's service does not have."""
    named = {workload.deployment for workload in site.service.workloads}
    return [
        f"It holds Deployment {each.deployment}, which the catalogue does not name: a rollback leaves it as it is."
        for each in bundle.known_good.workloads
        if each.deployment not in named
    ]


def unnamed(bundle: Bundle) -> list[str]:
    """The images that it knows by their tag alone."""
    return [
        f"Container {container} of Deployment {each.deployment} is kept as {image}, without a digest: whether the "
        "same image comes back depends on its tag."
        for each in bundle.known_good.workloads
        for container, image in each.images.items()
        if "@" not in image
    ]


async def _in_cluster(settings: Settings, catalogue: Catalogue, site: Site) -> Trial:
    name = site.environment.cluster
    async with Clusters({name: address_of(catalogue.clusters[name], settings)}) as clusters:
        try:
            return await tried(KubernetesWorkloads(clusters), KubernetesSecretNames(clusters), site)
        except Unreachable as cause:
            return Trial((f"{cause}, so nothing could be tried there. Verify again.",))
        except Denied as fault:
            return Trial((fault.sentence,))


def _verdict(bundle: Bundle, found: Trial) -> Verdict:
    good = not found.faults
    end = "It can be restored, as far as was looked." if good else "As it is, it can't be restored."
    lines = (told(bundle), *(f"✗ {fault}" for fault in found.faults), *(f"· {note}" for note in found.notes), end)
    return Verdict(lines, good)
