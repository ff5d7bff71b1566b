"""What `make bench` prints, and what it says of many values."""

import pytest

from benchmarks.table import Row, milliseconds, quantile, table

HUNDRED = [float(number) for number in range(100, 0, -1)]


def test_a_figure_stands_with_what_it_is_held_against() -> None:
    rows = [
        Row("ack", "3 ms", "one INSERT: 1 ms", ratio=3.0, aim="at most 10", held=True),
        Row("slow", "9 s", ratio=30.4, aim="at most 3 s", held=False),
        Row("told", "7"),
    ]
    assert table(rows).splitlines() == [
        "| figure | Opsbot | beside it | ratio | aim | held |",
        "| --- | --- | --- | --- | --- | --- |",
        "| ack | 3 ms | one INSERT: 1 ms | 3.00 | at most 10 | yes |",
        "| slow | 9 s |  | 30 | at most 3 s | **no** |",
        "| told | 7 |  |  |  |  |",
    ]


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [
        (HUNDRED, 0.5, 50),
        (HUNDRED, 0.99, 99),
        (HUNDRED, 1.0, 100),
        (HUNDRED, 0.0, 1),
        ([7.0], 0.99, 7),
        ([1, 2], 0.5, 1),
    ],
)
def test_a_quantile_is_one_of_the_values(values: list[float], share: float, found: float) -> None:
    assert quantile(values, share) == found


def test_nothing_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        quantile([], 0.5)


def test_seconds_are_shown_as_milliseconds() -> None:
    assert milliseconds([0.0123, 0.5], 0.5) == "12.3 ms"
