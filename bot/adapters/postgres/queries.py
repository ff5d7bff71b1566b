"""The bot's statements, by name, from `bot/sql`. The files are package data: read once, at first use."""

import re
from collections.abc import Mapping
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
    """All of them by name. ValueError where a name stands twice."""
    text = files("bot.sql").joinpath("queries.sql").read_text()
    _, *parts = _NAME.split(text)
    names, blocks = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"queries.sql: a name stands twice in {names}")
    return MappingProxyType({name: _parse(name, block) for name, block in zip(names, blocks, strict=True)})


def _parse(name: str, block: str) -> Query:
    lines = block.strip().splitlines()
    comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    statement = "\n".join(line for line in lines if not line.startswith("--")).rstrip(";")
    return Query(name, " ".join(comment), statement.encode())
