"""`opsbot lkg export SERVICE ENVIRONMENT [FILE]`: a known good release into a file. It asks the database alone."""

from dataclasses import dataclass
from pathlib import Path

from bot.adapters.postgres.clock import SharedClock
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.lkg.files import NoBundle, write_file
from bot.settings import Settings
from runbooks.folds import folds
from runbooks.redaction import Redactor
from runbooks.releases.bundle import Bundle, bundle_of
from runbooks.releases.state import Release
from runbooks.vocabulary import KnownGood


@dataclass(frozen=True)
class Wanted:
    """What was typed; `file` "-" is the standard output, "" a file of its own name here."""

    service: str
    environment: str
    file: str = ""
    version: str = ""


async def exported(settings: Settings, wanted: Wanted) -> Bundle:
    """The bundle that is asked for. Raises NoBundle, StoreUnavailable."""
    stream = f"release/{wanted.service}/{wanted.environment}"
    async with Pool(settings.database_url.get_secret_value()) as pool:
        store = PostgresStore(pool, folds(), here=await SharedClock.of(pool))
        release: Release = (await store.read([stream])).streams[stream].state
    return bundle_of(wanted.service, wanted.environment, _found(release, wanted), Redactor(settings.secrets()))


def _found(release: Release, wanted: Wanted) -> KnownGood:
    place = f"{wanted.service} in {wanted.environment}"
    if not release.good:
        raise NoBundle(f"Nothing is recorded as good of {place}. Nothing was written; see that both names are right.")
    good = release.find(wanted.version) if wanted.version else release.known_good
    if good is None:
        known = ", ".join(dict.fromkeys(each.version for each in release.good))
        raise NoBundle(f"{wanted.version} is not among what was good of {place}: {known}. Nothing was written.")
    return good


def write(bundle: Bundle, wanted: Wanted) -> str:
    """Write it to the file that is asked for; answers what to tell. Raises NoBundle."""
    place, named = Path(wanted.file), f"{bundle.digest}.json"
    path = place / named if not wanted.file or place.is_dir() else place
    verb = "Wrote" if write_file(path, bundle) else "It is there already:"
    return "\n".join([f"{verb} {path}: {told(bundle)}", *lacks(bundle)])


def told(bundle: Bundle) -> str:
    """Which release it is."""
    good = bundle.known_good
    return f"{good.version} {good.commit[:7]} of {bundle.service} in {bundle.environment}, SHA-256 {bundle.digest}."


def lacks(bundle: Bundle) -> list[str]:
    """What can't be restored from the file alone, a sentence each."""
    return [
        f"The template of Deployment {name} holds a secret in plain text, which is not kept: it can't be restored "
        "from this file alone, only while the cluster keeps its ReplicaSet. Move it into a Secret, and deploy."
        for name in bundle.incomplete
    ]
