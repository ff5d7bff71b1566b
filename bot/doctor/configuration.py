"""What people wrote: the settings, the catalogue, the runbooks. Nothing of it needs a connection."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pydantic import BaseModel

from bot import catalogue_file, library
from bot.catalogue_file import CatalogueFile
from bot.doctor.finding import Finding, Subject
from bot.settings import Settings, SettingsError
from runbooks.documents.errors import DocumentError

NEEDS = ("database_url", "slack_bot_token", "slack_app_token|slack_signing_secret")
_FILL_IN = "set it in the environment of `opsbot serve`; .env.example says what it is for"

Known = Mapping[str, type[BaseModel] | None]


@dataclass(frozen=True)
class Written:
    """What could be read of it, and what was found; the file is None where it has a fault."""

    file: CatalogueFile | None
    findings: tuple[Finding, ...]


def settings() -> tuple[Settings | None, list[Finding]]:
    """The settings, None where one can't be used; and a finding for each that must be there."""
    try:
        loaded = Settings.load()
    except SettingsError as cause:
        lines = (line.partition(" ") for line in str(cause).split("\n"))
        return None, [Subject("settings", name).wrong(f"it {rest}", _FILL_IN) for name, _, rest in lines]
    return loaded, [_is_set(name) for name in NEEDS]


def _is_set(either: str) -> Finding:
    """The one that is set of those that will do; else the first of them."""
    names = either.split("|")
    subjects = {name: Subject("settings", str(Settings.model_fields[name].validation_alias)) for name in names}
    for name, subject in subjects.items():
        with suppress(SettingsError):
            Settings.load(name)
            return subject.ok("it is set")
    return next(iter(subjects.values())).missing("it is not set", _FILL_IN)


def written(loaded: Settings, *, known: Known) -> Written:
    """Read the catalogue and the runbooks it names, and see that the variables it names are set."""
    subject = Subject("catalogue", str(loaded.catalogue))
    try:
        file = catalogue_file.load(loaded.catalogue)
    except DocumentError as cause:
        return Written(None, tuple(_faults("catalogue", cause)))
    services = file.catalogue.services
    places = sum(len(service.environments) for service in services.values())
    fine = subject.ok(f"it is whole, with services: {len(services)}, environments: {places}")
    return Written(file, (fine, *_runbooks(file, known), *_variables(loaded, file)))


def _runbooks(file: CatalogueFile, known: Known) -> Iterator[Finding]:
    try:
        books = library.read([library.shipped(), *file.folders], known=known)
        file.check(books)
    except DocumentError as cause:
        yield from _faults("runbooks", cause)
        return
    yield Subject("runbooks", "library").ok(f"all {len(books.documents)} can be run, those that services name too")


def _faults(part: str, cause: DocumentError) -> Iterator[Finding]:
    for fault in cause.faults:
        yield Subject(part, f"{fault.path}:{fault.line}").wrong(fault.wrong, fault.right or "change that line")


def _variables(loaded: Settings, file: CatalogueFile) -> Iterator[Finding]:
    for name, place in file.variables.items():
        subject = Subject("settings", name)
        try:
            loaded.named(name)
        except SettingsError:
            yield subject.missing(f"it is not set; {place} names it", "set it, or name another variable there")
        else:
            yield subject.ok(f"it is set, as {place} asks")
