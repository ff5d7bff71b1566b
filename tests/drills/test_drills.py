"""When a drill is due, when it is overdue, and which finding of the drills of a place holds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from runbooks.drills.decide import Command, FallDue, Keep, Want, decide
from runbooks.drills.state import KEPT, Drills, due, evolve, late_at, start
from tests.engine.knob import TEN

WEEK = 7 * 86_400
GOOD = Keep("E-7", "v43", "v42", "succeeded", TEN, timedelta(seconds=41), timedelta(seconds=90))


def after(*said: tuple[float, Command]) -> Drills:
    """The drills after this was said, each so many hours after ten."""
    drills = start("drill/api/staging")
    for hours, command in said:
        for event in decide(drills, command, TEN + timedelta(hours=hours)):
            drills = evolve(drills, event)
    return drills


def hours(drills: Drills) -> tuple[float | None, float | None]:
    """When the next is due, and when it is overdue, in hours after ten."""
    next_one, late = due(drills), late_at(drills)
    hour = timedelta(hours=1)
    return next_one and (next_one - TEN) / hour, late and (late - TEN) / hour


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], (None, None)),
        ([(0, GOOD)], (None, None)),  # only when somebody asks
        ([(1, Want(WEEK))], (169, 193)),  # a week after it was wanted, and a day later
        ([(0, Want(7200))], (2, 3)),  # or half the time, where that is less
        ([(0, Want(WEEK)), (100, GOOD)], (268, 292)),
        ([(0, Want(WEEK)), (100, replace(GOOD, status="failed"))], (168, 192)),
        ([(0, Want(WEEK)), (168, replace(GOOD, status="expired"))], (192, 192)),  # tried again a day later
        ([(0, Want(7200)), (2, replace(GOOD, status="failed"))], (4, 3)),
        ([(0, Want(WEEK)), (1, Want(7200))], (2, 3)),
        ([(0, Want(WEEK)), (1, Want(0))], (None, None)),
        ([(0, GOOD), (200, Want(WEEK))], (368, 392)),  # nobody is late the moment that they are wanted
    ],
)
def test_when(said: list[tuple[float, Command]], expected: tuple[float | None, float | None]) -> None:
    assert hours(after(*said)) == expected


def test_a_drill_is_kept_once_and_so_many_are() -> None:
    assert len(after((0, GOOD), (1, GOOD)).last) == 1
    many = after(*((n, replace(GOOD, run=f"E-{n}")) for n in range(KEPT + 5)))
    assert [each.run for each in many.last][:: KEPT - 1] == ["E-5", f"E-{KEPT + 4}"]


def test_overdue_is_said_once_and_over_with_the_next_that_ends_well() -> None:
    late = [(0, Want(WEEK)), (193, FallDue("L-1.drill-overdue", ("Late.",))), (194, FallDue("L-2.drill-overdue", ()))]
    assert after(*late).findings == ("L-1.drill-overdue",)
    assert after(*late, (195, replace(GOOD, status="failed"))).findings == ("L-1.drill-overdue",)
    assert after(*late, (195, GOOD)).findings == ()
    assert after(*late, (195, Want(0))).findings == ()


def test_slow_is_over_with_one_that_is_not() -> None:
    slow = replace(GOOD, back=timedelta(seconds=301), slowest="Revert", slowest_took=timedelta(seconds=280))
    assert after((0, slow)).findings == ("E-7.drill-slow",)
    assert after((0, replace(slow, back=timedelta(seconds=300)))).findings == ()
    assert after((0, slow), (1, replace(slow, run="E-8"))).findings == ("E-8.drill-slow",)
    assert after((0, slow), (1, replace(GOOD, run="E-8", status="failed"))).findings == ("E-7.drill-slow",)
    assert after((0, slow), (1, Want(0))).findings == ("E-7.drill-slow",)
    assert after((0, slow), (1, replace(GOOD, run="E-8"))).findings == ()
