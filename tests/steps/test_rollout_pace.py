"""How often a rollout is looked at: each `poll`, and where somebody waits for its end as often as it is worth it."""

from datetime import datetime, timedelta

import pytest

from runbooks.catalogue import Rollout
from runbooks.steps.kubernetes.rollout_watch import Watched, pause
from tests.steps.places import NOW

RULES = Rollout.model_validate({"poll": "2s", "soak": "5s"})


def after(seconds: float, *, steady: float | None = None, urgent: bool = False) -> float:
    """The pause, so many seconds after the change, and after it became steady."""
    began = NOW - timedelta(seconds=seconds)
    since: datetime | None = None if steady is None else NOW - timedelta(seconds=steady)
    return pause(Watched(began, {}, steady=since), RULES, now=NOW, urgent=urgent).total_seconds()


@pytest.mark.parametrize("seconds", [0, 1, 60])
def test_a_deploy_is_looked_at_each_poll(seconds: float) -> None:
    assert after(seconds) == 2


@pytest.mark.parametrize(("seconds", "pause"), [(0, 0.1), (1, 0.1), (4, 0.2), (20, 1), (40, 2), (400, 2)])
def test_a_rollback_is_looked_at_soon_and_rarer_the_longer_it_takes(seconds: float, pause: float) -> None:
    assert after(seconds, urgent=True) == pytest.approx(pause)


@pytest.mark.parametrize(("steady", "pause"), [(0, 2), (3.5, 1.5), (4.99, 0.1)])
def test_no_look_waits_past_the_end_of_the_soak(steady: float, pause: float) -> None:
    assert after(60, steady=steady) == pytest.approx(pause)
    assert after(60, steady=steady, urgent=True) == pytest.approx(pause)
