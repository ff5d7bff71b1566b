"""Until when what a superseded run had sent may come, by the records of the rollback that superseded it."""

from typing import Any

import pytest

from tests.chaos.ledger import taken_over

ASKED = {"kind": "requested", "at": "2026-11-27T10:00:00Z", "supersedes": ["D-1"]}
ENDED = {"kind": "ended", "at": "2026-11-27T10:00:09Z"}
BEGAN = 1795773600.0  # seconds since 1970


def recorded(outcome: str) -> dict[str, Any]:
    return {"kind": "recorded", "step": "take-over", "at": "2026-11-27T10:00:04Z", "outcome": {"kind": outcome}}


@pytest.mark.parametrize(
    ("events", "fenced"),
    [
        ((ASKED, recorded("pending"), recorded("done"), ENDED), [("D-1", BEGAN + 4)]),
        ((ASKED, recorded("pending"), ENDED), [("D-1", BEGAN + 9)]),  # aborted: it takes over while it ends
        ((ASKED, recorded("pending")), []),
    ],
)
def test_it_is_fenced_once_the_take_over_is_done_or_the_rollback_ended(
    events: tuple[dict[str, Any], ...], fenced: list[tuple[str, float]]
) -> None:
    told = {"R-2": [(event, "riley") for event in events]}
    assert list(taken_over(told)) == fenced
