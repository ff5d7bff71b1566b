"""Courses of events that Hypothesis thinks of: the engine does what the model says."""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.bench import Bench, Parts
from tests.model.machine import Machine
from tests.model.stage import Stage
from tests.model.wrongs import WRONG

SEEDS = int(os.environ.get("OPSBOT_MODEL_SEEDS", "2"))
"""Each is ten courses of fifty steps; `OPSBOT_MODEL_SEEDS=500 pytest -s tests/model -k says` plays for an hour."""
FIRST = int(os.environ.get("OPSBOT_MODEL_FROM", "0"))
HOW = settings(
    database=None,
    deadline=None,
    max_examples=10,  # after the tenth Hypothesis would vary those before: what is new finds more
    stateful_step_count=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
AS_FOUND = settings(HOW, phases=[Phase.generate], report_multiple_bugs=False)
WITHIN = 10  # seeds each wrong thing is found, mostly in the first
MUST_MEET = {"deploy succeeded", "deploy failed", "deploy aborted", "emergency succeeded", "plan-changed", "locked"}
MUST_MEET |= {"lease lapsed", "process stood still", "request overtaken"}


def play(stage: Stage, number: int, parts: Parts, how: settings = HOW) -> Counter[str]:
    """One seed; what it met."""
    met = Counter[str]()
    run_state_machine_as_test(seed(number)(lambda: Machine(Bench(stage, parts), met)), settings=how)
    return met


def test_the_engine_does_what_the_model_says(stage: Stage) -> None:
    met = sum((play(stage, number, Parts()) for number in range(FIRST, FIRST + SEEDS)), Counter[str]())
    print(*(f"{count} {what}" for what, count in sorted(met.items())), sep=", ")
    assert met.keys() >= MUST_MEET


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_on_purpose_is_found(stage: Stage, wrong: str) -> None:
    with pytest.raises(AssertionError):
        _search(stage, WRONG[wrong])


def _search(stage: Stage, parts: Parts) -> None:
    for number in range(WITHIN):
        play(stage, number, parts, AS_FOUND)
