"""A few seeds of the simulation of several processes; `make simulate` plays thousands."""

import pytest

from tests.simulation.checker import violations
from tests.simulation.plants import PLANTS
from tests.simulation.playing import again
from tests.simulation.world import Backstage, World

SEEDS = (3, 4, 5, 9, 11, 21)  # short ones, in which much happens
CAUGHT_BY = {
    "commit-without-epoch": 33,
    "outside-without-epoch": 41,
    "interrupted-begun-anew": 2,
    "post-without-look-up": 10,
    "request-not-known-again": 2,
    "approval-of-another-plan": 1,
    "requester-counts": 2,
    "one-person-counts-twice": 1,
    "good-before-the-watch": 4,
}
SEARCHED = 60  # seeds, where a change of the product made another course of events of the known one


def test_nothing_is_lost_done_twice_or_done_by_who_may_not(backstage: Backstage) -> None:
    done = 0
    for seed in SEEDS:
        world = World(seed, backstage)
        world.play()
        assert violations(world) == [], f"see it again: {again(seed)}"
        done += len(world.effects())
    assert done > len(SEEDS)


def test_a_seed_is_always_the_same_course_of_events(backstage: Backstage) -> None:
    traces = []
    for seed in (5, 3, 5):
        world = World(seed, backstage)
        world.play()
        traces.append(world.trace())
    assert traces[0] == traces[2] != traces[1]


@pytest.mark.parametrize("plant", sorted(PLANTS.keys() - {""}))
def test_what_is_wrong_on_purpose_is_caught(backstage: Backstage, plant: str) -> None:
    for seed in (CAUGHT_BY[plant], *range(1, SEARCHED)):
        world = World(seed, backstage, PLANTS[plant])
        world.play()
        if violations(world):
            return
    pytest.fail(f"{plant} is caught by no seed up to {SEARCHED}")
