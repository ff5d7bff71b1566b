"""Who may do what, on the real store: each object asks for itself, nothing is allowed by default or by doubt."""

from copy import deepcopy
from typing import Any

import pytest

from commands.deploy import answer
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.vocabulary import Actor
from tests.commands.seat import edge_of
from tests.engine.test_twice import CASES, catalogue, failed, recorded
from tests.engine.world import ALEX, CATALOGUE, RILEY, SAM, World
from tests.fixtures.store import StoreDatabase

ASKS = {
    **CASES,
    asks.Declare: (failed, lambda _: asks.Declare("api", "", "It is slow.")),
    asks.UpdateIncident: (failed, lambda _: asks.UpdateIncident("I-1", "It is slow.")),
}


@pytest.fixture
def world(small_world: World) -> World:
    return small_world


def two_services() -> Catalogue:
    """Beside `api`, which has drills in staging, there is `web`, with other people."""
    made: dict[str, Any] = deepcopy(CATALOGUE)
    places = made["services"]["api"]["environments"]
    places["staging"] = {**places["production"], "namespace": "staging", "drill": {}}
    web = deepcopy(made["services"]["api"])
    web["workloads"][0]["deployment"] = "web"
    web["environments"]["production"] |= {
        "deployers": ["others"],
        "rollers-back": ["others"],
        "approval": {"group": "others"},
    }
    made["services"]["web"], made["groups"]["others"] = web, {"members": ["UALEX", "UKIM"]}
    return Catalogue.model_validate(made)


@pytest.mark.parametrize("kind", ASKS, ids=lambda kind: kind.__name__)
async def test_who_may_do_it_to_another_service_may_not_here(
    world: World, store_database: StoreDatabase, kind: type
) -> None:
    prepare, made = ASKS[kind]
    await prepare(world)
    ask = made((await world.run("D-1")).digest)
    world.catalogue = two_services()
    world.members.groups = {"sre": {SAM}, "developers": {RILEY}, "others": {ALEX}}
    world.use(world.store)
    before = await recorded(store_database)
    reply = await world.hears(ask, ALEX)
    assert (reply.refused, await recorded(store_database)) == ("not-allowed", before)
    if not isinstance(ask, asks.Approve | asks.Reject):  # a run's approvers are those that it was asked for with
        assert "others" not in reply.facts["groups"]


def test_every_ask_is_tried() -> None:
    """`/onboard` in `tests/tenants/test_onboarding.py`, audit packs in `tests/commands/test_audit_approval.py`."""
    assert {*ASKS, asks.Onboard} == set(asks.Ask.__args__)


@pytest.mark.parametrize("policy", ["deployers", "rollers-back"])
async def test_an_empty_policy_denies_everybody(world: World, policy: str) -> None:
    await world.adopted("v1")
    world.catalogue = catalogue(**{policy: []})
    world.use(world.store)
    reply = await (world.hears(asks.Deploy("api", "v2"), ALEX) if policy == "deployers" else world.rolls_back(ALEX))
    assert (reply.refused, reply.facts["groups"]) == ("not-allowed", [])


async def test_an_approvers_group_without_anybody_lets_nothing_change(world: World) -> None:
    run_id = await world.at_the_gate()
    world.members.groups["sre"] = set()
    for who in (ALEX, SAM, RILEY):
        assert (await world.approves(run_id, who)).refused in ("not-allowed", "own-request")
    await world.works()
    assert world.outside.effects == []


async def test_somebody_of_another_workspace_with_the_same_id_is_somebody_else(world: World) -> None:
    run_id = await world.at_the_gate()
    assert (await world.approves(run_id, Actor("T2/UALEX"))).refused == "not-allowed"


@pytest.mark.parametrize("channel", ["C1", "C2", "Celsewhere", "D1"])
async def test_the_channel_lets_nobody_in_and_keeps_nobody_out(world: World, channel: str) -> None:
    typed = {"team_id": "T1", "text": "api v2", "channel_id": channel}
    said = [
        (await answer(edge_of(world), {**typed, "user_id": user, "trigger_id": user}))["text"]
        for user in ("UOUT", "URILEY")
    ]
    assert said == [
        "Not started. To deploy here you must be in @developers or @sre. Ask one of them.",
        "D-2 started: api v2 in production.",
    ]


async def test_where_two_must_approve_one_is_not_enough_however_often(world: World) -> None:
    world.catalogue = catalogue(approval={"group": "sre", "count": 2})
    world.use(world.store)
    run_id = await world.at_the_gate()
    for who in (ALEX, ALEX, RILEY):
        await world.approves(run_id, who)
        await world.works()
    assert world.outside.effects == []
    await world.approves(run_id, SAM)
    await world.works()
    assert world.outside.effects == [f"{run_id}/knob"]


async def test_while_nobody_can_tell_who_may_approve_nothing_begins_to_change(world: World) -> None:
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.members.silent = True
    await world.works()
    assert world.outside.effects == []
    world.members.silent = False
    world.later(minutes=1)
    await world.works()
    assert world.outside.effects == [f"{run_id}/knob"]
