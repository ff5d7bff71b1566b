"""Courses of events that Hypothesis thinks of: the engine does what the model says."""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.bench import Bench, Parts
from tests.model.machine import Machine
from tests.model.stage import Stage
from tests.model.wrongs import WRONG

SEEDS = int(os.environ.get("OPSBOT_MODEL_SEEDS", "3"))
"""Each is ten courses of fifty steps; `OPSBOT_MODEL_SEEDS=500` plays for a long time."""
HOW = settings(
    database=None,
    deadline=None,
    max_examples=10,  # after the tenth Hypothesis would vary those before: what is new finds more
    stateful_step_count=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def plays(stage: Stage, parts: Parts, seeds: int, how: settings = HOW) -> None:
    for number in range(seeds):
        run_state_machine_as_test(seed(number)(lambda: Machine(Bench(stage, parts))), settings=how)


def test_the_engine_does_what_the_model_says(stage: Stage) -> None:
    plays(stage, Parts(), SEEDS)


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_what_is_wrong_on_purpose_is_found(stage: Stage, wrong: str) -> None:
    with pytest.raises(AssertionError):
        plays(stage, WRONG[wrong], 10, settings(HOW, phases=[Phase.generate], report_multiple_bugs=False))
