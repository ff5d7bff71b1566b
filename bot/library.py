"""Reads the runbooks that ship with Opsbot and those in the team's own folders."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from bot.kinds import KINDS, touches
from runbooks.documents import order
from runbooks.documents.blocks import Known
from runbooks.documents.errors import DocumentError, Fault
from runbooks.documents.parse import parse
from runbooks.documents.reserves import reserving
from runbooks.documents.runbook import Runbook
from runbooks.incidents.escalations import FINDINGS
from runbooks.nearest import nearest

_ALIKE = 0.8  # so close to the name of a finding that it was meant


@dataclass(frozen=True)
class Library:
    """All runbooks, by id."""

    documents: Mapping[str, Runbook]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that `runbook` knows: of documents, and of their parts that run on their own as `id/mode`."""
        modes = (f"{each.id}/{name}" for each in self.documents.values() for name, _ in each.modes)
        return (*self.documents, *modes)

    def document(self, runbook_id: str) -> Runbook:
        """The whole document. KeyError where there is none."""
        return self.documents[runbook_id]

    def text(self, document: str) -> str:
        """The whole document as it is read: Markdown. KeyError where there is none."""
        return self.documents[document].text

    def runbook(self, runbook_id: str) -> Runbook:
        """What a run does: of `id` its first mode or all of it, of `id/mode` that part.

        KeyError where there is none.
        """
        document, _, mode = runbook_id.partition("/")
        found = self.documents[document]
        return found.mode(mode) if mode else found.runs


def shipped() -> Path:
    """The folder of the runbooks that ship with Opsbot."""
    return Path(str(files("runbooks"))) / "library"


def read(folders: Sequence[Path], *, known: Known) -> Library:
    """The library of these folders and all below them. Raises DocumentError with the faults of all documents."""
    found: dict[str, Runbook] = {}
    faults: list[Fault] = []
    for path in _documents(folders, faults):
        try:
            runbook = read_document(path, known=known)
        except DocumentError as cause:
            faults += cause.faults
            continue
        if (other := found.setdefault(runbook.id, runbook)) is not runbook:
            right = "give it an `id` of its own in its front matter"
            faults.append(Fault(str(path), 1, f"its id `{runbook.id}` is that of {other.path} too", right))
    if faults:
        raise DocumentError(faults)
    return Library(found)


def read_document(path: Path, *, known: Known) -> Runbook:
    """The runbook of one file. Raises DocumentError."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for, for ever
            raise DocumentError([Fault(str(path), 1, "this is no file", "name a file that can be read")])
        data = path.read_bytes()
    except OSError as cause:
        wrong = f"the document can't be read: {cause.strerror}"
        raise DocumentError([Fault(str(path), 1, wrong, "name a file that can be read")]) from cause
    runbook = reserving(parse(data, path=str(path), known=known), touches)
    order.check(runbook, touches)
    _check_findings(runbook)
    return runbook


def own_findings(runbook: Runbook) -> list[str]:
    """The findings that it names and the escalation table does not: the team's own, S3 each."""
    named = {item.step.on_failure.finding for item in runbook.items if item.step}
    return sorted(name for name in named if name and name not in _known_findings())


def _known_findings() -> frozenset[str]:
    return FINDINGS | {kind.finding for kind in KINDS if kind.finding}


def _check_findings(runbook: Runbook) -> None:
    """A finding of a team's own is welcome; one that is almost the table's would lose its severity by a slip."""
    faults = [
        Fault(runbook.path, item.step.line, f"there is no finding `{name}`", f"did you mean `{meant}`?")
        for name in own_findings(runbook)
        for item in runbook.items
        if item.step and item.step.on_failure.finding == name
        if (meant := nearest(name, _known_findings(), _ALIKE))
    ]
    if faults:
        raise DocumentError(faults)


def documents_in(folder: Path) -> list[Path]:
    """The documents of a folder and all below it; what is hidden and every README is no runbook.

    Raises DocumentError where a folder can't be read, or is gone before it was.
    """
    try:
        paths = [path for path in folder.rglob("*.md") if path.name.lower() != "readme.md"]
    except OSError as cause:
        wrong = f"the folder {cause.filename} below it can't be read: {cause.strerror}"
        raise DocumentError([Fault(str(folder), 1, wrong, "name a folder that holds runbooks alone")]) from cause
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _documents(folders: Sequence[Path], faults: list[Fault]) -> Iterator[Path]:
    for folder in folders:
        if not folder.is_dir():
            faults.append(Fault(str(folder), 1, "there is no such folder", "name a folder of runbooks in `library`"))
        try:
            yield from documents_in(folder)
        except DocumentError as cause:
            faults += cause.faults
