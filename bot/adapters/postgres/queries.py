"""The bot's statements, by name, from `bot/sql/queries`. The files are package data: read once, at first use."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Query:
    """One statement, and the sentence under its name that says what it is for."""

    name: str
    purpose: str
    statement: bytes


def query(name: str) -> bytes:
    """The statement of that name, as psycopg takes it. KeyError where there is none."""
    return queries()[name].statement


@cache
def queries() -> Mapping[str, Query]:
    """All of them by name."""
    folder = files("bot.sql").joinpath("queries")
    return MappingProxyType(named(file.read_text() for file in folder.iterdir() if file.name.endswith(".sql")))


def named(texts: Iterable[str]) -> dict[str, Query]:
    """The statements of several files by name. ValueError where a name stands twice, in one file or in two."""
    found: dict[str, Query] = {}
    for text in texts:
        _, *parts = _NAME.split(text)
        for name, block in zip(parts[::2], parts[1::2], strict=True):
            if name in found:
                raise ValueError(f"two statements are named {name}")
            found[name] = _parse(name, block)
    return found


def _parse(name: str, block: str) -> Query:
    lines = block.strip().splitlines()
    comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    statement = "\n".join(line for line in lines if not line.startswith("--")).rstrip(";")
    return Query(name, " ".join(comment), statement.encode())
