"""`opsbot adopt SERVICE ENVIRONMENT`: record what runs now as the last known good, migrations included."""

from collections.abc import Mapping
from dataclasses import replace

from bot.adapters.postgres.store import PostgresStore
from bot.epochs import standing
from bot.settings import Settings
from bot.wiring import Services, read_configuration, services
from runbooks.catalogue import Catalogue
from runbooks.engine.draft import Draft
from runbooks.engine.places import find_place
from runbooks.release_facts import AppliedMigration
from runbooks.releases.decide import Adopt
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.deployments import images_of, template_of, written_tag
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.workloads import Denied, Missing, refs_of
from runbooks.steps.migrations.database import DatabaseUnfit
from runbooks.steps.migrations.planning import MigrationPlanner, applied_of
from runbooks.store import Changes, Conflict, Work
from runbooks.vocabulary import OPSBOT, Fenced, KnownGood, PlanningFailed, Refused, Unreachable


class NotAdopted(Exception):
    """It was not recorded; the sentence says why, and what to do."""


async def adopt(settings: Settings, service: str, environment: str, *, version: str = "") -> str:
    """Record it; answers a sentence. `version` says what runs, where its image does not.

    Raises NotAdopted, and what the settings and the catalogue lack.
    """
    configuration = read_configuration(settings)
    async with services(settings, configuration) as made:
        try:
            known = await _read(made, _site(configuration.catalogue, service, environment, version=version))
        except Refused as refused:
            raise NotAdopted(_unknown(refused)) from refused
        except Missing as gone:
            raise NotAdopted(f"There is no Deployment {gone}. Nothing was recorded.") from gone
        except (PlanningFailed, Denied) as fault:
            raise NotAdopted(f"{fault.sentence} Nothing was recorded.") from fault
        except DatabaseUnfit as cause:
            raise NotAdopted(f"{cause} Nothing was recorded.") from cause
        except (Unreachable, Fenced) as cause:
            raise NotAdopted(f"{cause}. Nothing was recorded.") from cause
        stream = f"release/{service}/{environment}"
        draft = Draft(store=made.store, catalogue=configuration.catalogue, now=made.clock())
        await draft.apply(stream, Adopt(known, OPSBOT))
        try:
            await made.store.commit(draft.changes())
        except Conflict as cause:
            raise NotAdopted(f"{stream} was changed meanwhile. Nothing was recorded; adopt it again.") from cause
        place = configuration.catalogue.place(service, environment)
        faults = await made.outside.records.write(draft.state(stream), place) if place else []
    later = [f"{fault.where} does not say so yet: {fault.sentence}" for fault in faults]
    trying = ["`opsbot serve` goes on trying."] if faults else []
    schema = f" with the schema at {known.migrations_version}" if known.migrations_version else ""
    what = f"{known.version} {known.commit[:7]}{schema}"
    return " ".join([f"Recorded {what} as the last known good of {service} in {environment}.", *later, *trying])


def _unknown(refused: Refused) -> str:
    """A service or an environment that is not there, with what may have been meant."""
    what, facts = refused.reason.removeprefix("unknown-"), refused.facts
    hint = f"Did you mean {facts['nearest']}?" if facts["nearest"] else f"There are: {', '.join(facts['known'])}."
    return f"There is no {what} {facts['name']!r}. {hint} Nothing was recorded."


def _site(catalogue: Catalogue, service_name: str, environment_name: str, *, version: str) -> Site:
    service, name, environment = find_place(catalogue, service_name, environment_name)
    return Site(
        run="adopt",
        service_name=service_name,
        service=service,
        environment_name=name,
        environment=environment,
        requester=OPSBOT,
        version=version,
    )


async def _read(made: Services, site: Site) -> KnownGood:
    service = site.service
    version = await _running(made, site)
    found = await made.outside.source.resolve(service.source.repository, version)
    site = replace(site, version=version, commit=found.commit)
    await outrun(made.store, await standing(made.outside.workloads, made.outside.databases, site))
    epoch = await _epoch(made, f"release/{site.service_name}/{site.environment_name}")
    migrations = ""
    ledger: tuple[AppliedMigration, ...] = ()
    if service.migrations is not None:
        migrations = await MigrationPlanner(made.outside.source, made.outside.databases).baseline(site, epoch=epoch)
        ledger = applied_of(await made.outside.databases.rows(site))
    record = Record("adopt", version, found.commit, migrations, at=made.clock(), ledger=ledger)
    return await read_known_good(made.outside.workloads, site, record)


async def _running(made: Services, site: Site) -> str:
    """The version that the first workload runs."""
    ref, workload = refs_of(site)[0], site.service.workloads[0]
    raw = await made.outside.workloads.read(ref)
    image = images_of(template_of(raw)).get(workload.containers[0])
    if image is None:
        raise NotAdopted(
            f"Deployment {ref.deployment} has no container {workload.containers[0]!r}. Nothing was recorded."
        )
    return version_of(image, site)


def version_of(image: str, site: Site) -> str:
    """What its tag says or, where it has none, as one that is named by its digest alone, who adopts it.

    Raises NotAdopted where neither says it, and where the two differ.
    """
    tag, said = written_tag(image), site.version
    if tag and said and tag != said:
        raise NotAdopted(f"{image} is {tag}, not {said}. Nothing was recorded; adopt it without `--version`.")
    if found := tag or said:
        return found
    place = f"{site.service_name} {site.environment_name}"
    raise NotAdopted(
        f"{image} has no tag, so which version it is can't be read. Nothing was recorded. Say which it is: "
        f"`opsbot adopt {place} --version VERSION`, a tag or a commit of the source."
    )


async def outrun(store: PostgresStore, epochs: Mapping[str, int]) -> None:
    """Be ahead of the epochs on the targets: a database that is new or was restored would be refused there.

    Raises NotAdopted.
    """
    for where, epoch in epochs.items():
        if not await store.outrun(epoch):
            raise NotAdopted(
                f"{where} has the epoch {epoch}, a number that Opsbot never wrote. "
                "Remove it, and adopt again. Nothing was recorded."
            )


async def _epoch(made: Services, stream: str) -> int:
    """An epoch of our own, higher than all before: what adopts may write to the ledger."""
    await made.store.commit(Changes(wake=(Work("adopt", stream),)))
    lease = await made.store.claim(["adopt"])
    if lease is None:
        raise NotAdopted("Somebody else is adopting just now. Try again in a few seconds.")
    await made.store.finish(lease, None)
    return lease.epoch
