"""Slack is asked of the groups that matter to a request, however many there are: it tells of twenty a minute."""

from collections.abc import Awaitable, Callable
from copy import deepcopy

import pytest

from commands.home import look
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.vocabulary import Actor
from tests.commands.seat import edge_of
from tests.engine.world import ALEX, CATALOGUE, RILEY, Roll, World

PLACES = frozenset({"developers", "sre"})


class Told(Roll):
    """Who is in which group; keeps which it was asked of."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    async def groups_of(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        self.asked |= among
        return await super().groups_of(by, among)


@pytest.fixture
def roll() -> Told:
    return Told()


@pytest.fixture
def world(small_world: World, roll: Told) -> World:
    """With another service, whose groups are others."""
    made = deepcopy(CATALOGUE)
    others = {"deployers": ["others"], "rollers-back": ["others"], "approval": {"group": "others"}}
    other = deepcopy(made["services"]["api"])
    other["workloads"] = [{"deployment": "web", "containers": ["web"]}]
    other["environments"]["production"] |= others
    made["groups"]["others"], made["services"]["web"] = {"members": ["UKIM"]}, other
    small_world.catalogue, small_world.members = Catalogue.model_validate(made), roll
    small_world.use(small_world.store)
    return small_world


async def _deploy(_: World) -> asks.Ask:
    return asks.Deploy("api", "v2")


async def _approve(world: World) -> asks.Ask:
    run = await world.at_the_gate()
    return asks.Approve(run, (await world.run(run)).digest)


async def _lock(_: World) -> asks.Ask:
    return asks.Lock("api", "", "made up")


async def _declare(_: World) -> asks.Ask:
    return asks.Declare("api", "", "It is slow")


async def _resolve(world: World) -> asks.Ask:
    reply = await world.hears(asks.Declare("api", "production", "It is slow"), ALEX)
    return asks.Resolve(str(reply.facts["incident"]), "It was the disk")


@pytest.mark.parametrize("prepare", [_deploy, _approve, _lock, _declare, _resolve])
async def test_only_the_groups_of_its_place_are_asked_for(
    world: World, roll: Told, prepare: Callable[[World], Awaitable[asks.Ask]]
) -> None:
    ask = await prepare(world)
    roll.asked.clear()
    reply = await world.hears(ask, RILEY if isinstance(ask, asks.Deploy) else ALEX)
    assert not reply.refused, reply
    assert roll.asked == PLACES


async def test_somebody_of_another_place_is_refused_though_not_asked_for(world: World, roll: Told) -> None:
    assert (await world.hears(asks.Deploy("web", "v2"), RILEY)).refused == "not-allowed"
    assert roll.asked == {"others"}


async def test_the_home_asks_for_those_that_something_waits_for(world: World, roll: Told) -> None:
    await world.at_the_gate()
    roll.asked.clear()
    seen = await look(edge_of(world), ALEX)
    assert (seen.groups, roll.asked) == ({"sre"}, PLACES)
