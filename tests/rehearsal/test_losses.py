"""What is counted as lost between two looks at a table."""

import pytest

from runbooks.rehearsal.losses import Extra, Loss, in_part, losses, written
from runbooks.rehearsal.scratch import Contents

Row = tuple[str | None, ...]


def table(*rows: Row, columns: tuple[str, ...] = ("id", "town", "mail")) -> Contents:
    return Contents(columns, rows)


WAS = table(("1", "a", "x"), ("2", "a", "y"), ("2", "a", "y"))


@pytest.mark.parametrize(
    ("now", "gone", "columns", "added"),
    [
        (table(("2", "a", "y"), ("1", "a", "x"), ("2", "a", "y")), 0, {}, 0),  # in another order
        (table(("1", "a", "x"), ("2", "a", "y")), 1, {}, 0),  # the same row twice is two rows
        (
            table(("1", "a", "y"), ("2", "a", "x"), ("2", "a", "y")),
            0,
            {"mail": 2},
            0,
        ),  # swapped: the column is as before
        (table(("1", None, "x"), ("2", None, "y"), ("2", None, "y")), 0, {"town": 3}, 0),
        (table(), 3, {}, 0),
        (table(*WAS.rows, ("3", "b", "z")), 0, {}, 1),
        (
            table(("1", "x"), ("2", "y"), ("2", "y"), columns=("id", "mail")),
            0,
            {},
            0,
        ),  # a column is a matter of catalogs
        (table(("x", "1"), ("y", "2"), ("y", "2"), columns=("mail", "id")), 0, {}, 0),
        (table(("7", "b", "z"), ("8", "b", "z"), ("9", "b", "z")), 3, {}, 3),  # others took their place
    ],
)
def test_rows_are_told_apart(now: Contents, gone: int, columns: dict[str, int], added: int) -> None:
    lost, extra = losses({"t": WAS}, {"t": now})
    assert lost == ([Loss("t", 3, gone, columns)] if gone or columns else [])
    assert extra == ([Extra("t", added)] if added else [])


def test_a_table_that_is_gone_has_lost_its_rows() -> None:
    lost, extra = losses({"t": WAS}, {})
    assert lost == [Loss("t", 3, 3)]
    assert extra == []


def test_what_came_since_is_counted_with_its_doubles() -> None:
    now = table(*WAS.rows, ("2", "a", "y"), ("4", "c", "w"))
    assert sorted(written(WAS, now).rows) == [("2", "a", "y"), ("4", "c", "w")]
    assert written(None, now) == now


def test_what_was_not_looked_at_is_neither_lost_nor_added() -> None:
    part = Contents(WAS.columns, (("9", "c", "z"),), partial=True)
    assert losses({"t": WAS}, {"t": part}) == ([], [])
    assert losses({"t": part}, {"t": WAS}) == ([Loss("t", 1, 1)], [])
    assert in_part({"t": WAS, "u": part}, {"t": part}) == ["t", "u"]
    assert written(WAS, part).partial
