"""The example catalogue with a change in it, and what is said of that."""

from pathlib import Path

import pytest

from bot import library
from bot.catalogue_file import load
from runbooks.documents.errors import DocumentError
from tests.documents.reading import KNOWN

EXAMPLE = Path(__file__).parents[2] / "deploy" / "opsbot.example.yaml"
SERVICE = "services.solvereign-api"
PRODUCTION = f"{SERVICE}.environments.production"
KPIS = f"{SERVICE}.kpis"
COMMANDS = f"{SERVICE}.commands"


def line_of(text: str, marker: str) -> int:
    """The number of the first line that holds the marker."""
    return next(number for number, line in enumerate(text.split("\n"), 1) if marker in line)


def changed(folder: Path, old: str, new: str) -> Path:
    """The example with one change."""
    text = EXAMPLE.read_text()
    assert old in text
    path = folder / "opsbot.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load(path)
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


def checked(path: Path) -> list[str]:
    found = load(path)
    with pytest.raises(DocumentError) as caught:
        found.check(library.read([library.shipped()], known=KNOWN))
    return [line.removeprefix(f"{path}:") for line in str(caught.value).split("\n")]
