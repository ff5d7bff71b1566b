"""`opsbot runbooks check PATH...` and `opsbot runbooks show NAME`: documents on the command line."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bot import library
from runbooks.documents.blocks import Known
from runbooks.documents.checks import nearest
from runbooks.documents.errors import DocumentError
from runbooks.documents.runbook import Runbook
from runbooks.documents.show import show as shown

FINE, FAULTY, UNUSABLE = 0, 1, 2


def check(paths: Sequence[str], *, known: Known) -> int:
    """Read documents, and folders of them; print a line for each, and every fault.

    0: all are fine, 1: one has a fault, 2: a path is not there.
    """
    if missing := [path for path in paths if not Path(path).exists()]:
        for path in missing:
            print(f"{path}: there is no such file or folder", file=sys.stderr)
        return UNUSABLE
    results = [_check_one(path, known) for path in _documents(paths)]
    if not results:
        print(f"{', '.join(paths)}: there is no runbook here; a runbook is a file NAME.md", file=sys.stderr)
    return FINE if results and all(results) else FAULTY


def show(name: str, *, known: Known, folders: Sequence[Path] = ()) -> int:
    """Print a runbook, given by its id in the library or by the path of its document.

    `folders` are the team's own, beside what ships. 0: printed, 1: a document has a fault, 2: there is none.
    """
    try:
        if name.endswith(".md") and Path(name).is_file():
            print(shown(library.read_document(Path(name), known=known)), end="")
            return FINE
        found = library.read([library.shipped(), *folders], known=known)
    except DocumentError as cause:
        print(cause, file=sys.stderr)
        return FAULTY
    try:
        runbook = found.runbook(name) if "/" in name else found.document(name)
    except KeyError:
        print(f"There is no runbook {name!r}; {nearest(name, found.ids, what='there are')}", file=sys.stderr)
        return UNUSABLE
    print(shown(runbook), end="")
    return FINE


def _documents(paths: Sequence[str]) -> list[Path]:
    folders = ((path, path.is_dir()) for path in map(Path, paths))
    return [each for path, is_folder in folders for each in (library.documents_in(path) if is_folder else [path])]


def _check_one(path: Path, known: Known) -> bool:
    try:
        runbook = library.read_document(path, known=known)
    except DocumentError as cause:
        print(cause, file=sys.stderr)
        return False
    own = "".join(f"; its own finding `{name}` is an S3" for name in library.own_findings(runbook))
    print(f"{path}: fine, {_counted(runbook)}{own}")
    return True


def _counted(runbook: Runbook) -> str:
    by_person = Counter(item.uses in ("confirm", "approve") for item in runbook.items)
    count = len(runbook.items)
    return f"{count} item{'s' if count > 1 else ''}: {by_person[False]} by Opsbot, {by_person[True]} by people"
