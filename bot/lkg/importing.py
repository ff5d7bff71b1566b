"""`opsbot lkg import FILE`: a bundle recorded among what was good of its place, with who did it and why."""

from dataclasses import dataclass, replace
from pathlib import Path

from bot.adopting import NotAdopted, outrun
from bot.epochs import standing
from bot.lkg.exporting import lacks
from bot.lkg.files import NoBundle, read_file, wanted_digest
from bot.lkg.verifying import mismatches, site_of
from bot.settings import Settings
from bot.shell import shell_user
from bot.wiring import Services, read_configuration, services
from commands.replies import sentence
from runbooks.catalogue import Catalogue, targets
from runbooks.engine.asks import Reply
from runbooks.engine.draft import Draft
from runbooks.redaction import Redactor
from runbooks.releases.bundle import Bundle
from runbooks.releases.importing import Import
from runbooks.releases.state import Release
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.workloads import Denied
from runbooks.steps.migrations.database import DatabaseUnfit
from runbooks.store import Conflict, Store
from runbooks.vocabulary import Fenced, Refused, Unreachable

_NOTHING = "Nothing was recorded."


@dataclass(frozen=True)
class Wanted:
    """What was typed."""

    file: Path
    reason: str
    digest: str = ""


async def import_bundle(settings: Settings, wanted: Wanted) -> str:
    """Record it; answers what to tell. Raises NoBundle, and what the settings and the catalogue lack."""
    digest, reason = wanted_digest(wanted.file, wanted.digest), wanted.reason.strip()
    if not digest:
        raise NoBundle(
            f"The name of {wanted.file} holds no SHA-256, so nobody can say that it is what was exported. {_NOTHING} "
            "Say which it must be: `--digest SHA256`."
        )
    if not reason:
        raise NoBundle(f"A reason is wanted, for the record: `--reason TEXT`. {_NOTHING}")
    bundle = read_file(wanted.file, digest)
    configuration = read_configuration(settings)
    site = _site(bundle, configuration.catalogue)
    async with services(settings, configuration) as made:
        missing = await _get_ahead(made, site)
        command = Import(bundle.known_good, digest, Redactor(settings.secrets()).text(reason), shell_user())
        draft = Draft(store=made.store, catalogue=configuration.catalogue, now=made.clock())
        held = targets(site.service, bundle.environment)
        happened = await record(made.store, draft, bundle, command, held)
        release: Release = draft.state(f"release/{bundle.service}/{bundle.environment}")
        behind = await _write(made, release, site) if happened else []
    return "\n".join([_told(bundle, release, happened=happened), *lacks(bundle), *missing, *behind])


def _site(bundle: Bundle, catalogue: Catalogue) -> Site:
    try:
        site = site_of(bundle, catalogue)
    except NoBundle as fault:
        raise NoBundle(f"{fault} {_NOTHING}") from fault
    if faults := mismatches(bundle, site):
        raise NoBundle(f"{' '.join(faults)} {_NOTHING}")
    return site


async def _get_ahead(made: Services, site: Site) -> list[str]:
    """Be ahead of the epochs on the place's targets, as another bot may have left them; answers what is missing."""
    missing: list[str] = []
    try:
        await outrun(
            made.store, await standing(made.outside.workloads, made.outside.databases, site, missing=missing)
        )
    except (NotAdopted, Denied, DatabaseUnfit, Unreachable, Fenced) as cause:
        said = cause.sentence if isinstance(cause, Denied) else f"{str(cause).rstrip('.')}."
        raise NoBundle(said if _NOTHING in said else f"{said} {_NOTHING}") from cause
    return [f"There is no Deployment {name} yet: create it before you roll back." for name in missing]


async def record(store: Store, draft: Draft, bundle: Bundle, command: Import, held: frozenset[str]) -> bool:
    """Record it, unless it is or a run holds one of these targets; whether anything happened. Raises NoBundle."""
    stream = f"release/{bundle.service}/{bundle.environment}"
    await draft.open([stream], targets=sorted(held))
    held_by = next((holder.removeprefix("run/") for holder in draft.holders.values()), "")
    try:
        happened = await draft.apply(stream, replace(command, held_by=held_by))
        if happened:
            await store.commit(draft.changes())
    except Refused as refused:
        raise NoBundle(sentence(Reply(refused=refused.reason, facts=refused.facts))) from refused
    except Conflict as cause:
        raise NoBundle(f"{stream} was changed meanwhile. {_NOTHING} Import it again.") from cause
    return happened


async def _write(made: Services, release: Release, site: Site) -> list[str]:
    faults = await made.outside.records.write(release, site.environment)
    later = [f"{fault.where} does not say so yet: {fault.sentence}" for fault in faults]
    return [*later, *(["`opsbot serve` goes on trying."] if faults else [])]


def _told(bundle: Bundle, release: Release, *, happened: bool) -> str:
    good, place = bundle.known_good, f"{bundle.service} {bundle.environment}"
    if not happened:
        return f"{good.version} {good.commit[:7]} of {place} is recorded so already. {_NOTHING}"
    if release.known_good == good:
        way = f"It is the last known good there now: `/rollback {place}` goes to it."
    else:
        last = release.known_good.version if release.known_good else ""
        to = f"`/rollback {place} to {good.version}` goes to it"
        way = f"The last known good there stays {last}, which is newer; {to}."
    return f"Recorded {good.version} {good.commit[:7]} as known good of {place}. {way}"
