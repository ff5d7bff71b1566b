"""A few seeds of the simulation of several processes; `make simulate` plays thousands."""

import pytest

from tests.simulation.__main__ import again
from tests.simulation.checker import violations
from tests.simulation.plants import PLANTS
from tests.simulation.world import Backstage, World

SEEDS = (1, 4, 6, 7, 9, 10, 11)  # short ones, in which much happens
CAUGHT_BY = {"outside-without-epoch": 11, "post-without-look-up": 2}


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
    for _ in range(2):
        world = World(10, backstage)
        world.play()
        traces.append(world.trace())
    assert traces[0] == traces[1]


@pytest.mark.parametrize("plant", sorted(CAUGHT_BY))
def test_what_is_wrong_on_purpose_is_caught(backstage: Backstage, plant: str) -> None:
    world = World(CAUGHT_BY[plant], backstage, PLANTS[plant])
    world.play()
    assert violations(world) != []
