"""The statements by their names: each used, each explained."""

import re
from pathlib import Path

import pytest

from bot.adapters.postgres.queries import named, queries, query

_ADAPTER = Path(__file__).parents[2] / "bot/adapters/postgres"


def _asked_for() -> set[str]:
    text = "\n".join(file.read_text() for file in _ADAPTER.glob("*.py"))
    named = set(re.findall(r'(?:query|_rows|_at_once|_send|_execute)\((?:\w+, )?"(\w+)"', text))
    return named | {f"{verb}_{what}" for verb in ("lock", "share") for what in ("name", "stream")}


def test_every_statement_is_used_and_every_one_used_exists() -> None:
    assert _asked_for() == set(queries())


@pytest.mark.parametrize("name", sorted(queries()))
def test_every_statement_says_what_it_is_for(name: str) -> None:
    purpose = queries()[name].purpose
    assert purpose[0].isupper()
    assert purpose.endswith(".")
    assert queries()[name].statement.strip()


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing_such"):
        query("nothing_such")


def test_a_name_stands_once_in_all_files() -> None:
    assert set(named(["-- name: one\nselect 1;", "-- name: two\nselect 2;"])) == {"one", "two"}
    with pytest.raises(ValueError, match="two statements are named one"):
        named(["-- name: one\nselect 1;", "-- name: one\nselect 2;"])
