"""Whatever people ask, asked again under another id of Slack's, moves nothing again and is answered calmly."""

from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any, get_args

import psycopg
import pytest

from commands.replies import sentence
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.engine.starts import target_digest
from runbooks.vocabulary import Failed
from tests.engine.drilling import Drilling
from tests.engine.interrupting import turning
from tests.engine.knob import known_good
from tests.engine.world import ALEX, CATALOGUE, World
from tests.fixtures.store import StoreDatabase
from tests.incidents.records import LEARNED

SAID = {asks.Declare, asks.UpdateIncident}
"""What is typed anew is said anew: there only the same gesture of Slack's is the same."""


async def nothing(world: World) -> None:
    """v1 is known good."""
    await world.adopted("v1")


async def line(world: World) -> None:
    """D-1 waits for a tick."""
    await world.deploys()
    await world.works()


async def gate(world: World) -> None:
    """D-1 waits for two approvals."""
    world.catalogue = catalogue(approval={"group": "sre", "count": 2})
    world.use(world.store)
    await world.at_the_gate()


async def failed(world: World) -> None:
    """D-1 failed, its health is to be investigated in I-1."""
    await nothing(world)
    await world.approves(await world.at_the_gate())
    world.outside.answers = [Failed("/health/ready answers 503.", finding="health-failing")]
    await world.works()


async def stopped(world: World) -> None:
    """D-1 was aborted half-way, a finding without an incident."""
    run_id = await turning(world)
    await world.hears(asks.Abort(run_id))
    await world.works()


async def locked(world: World) -> None:
    await world.hears(asks.Lock("api", "", "a freeze"))


async def drilled(world: World) -> None:
    await Drilling(world).good("v1")


def catalogue(**environment: Any) -> Catalogue:
    made = deepcopy(CATALOGUE)
    made["services"]["api"]["environments"]["production"] |= environment
    return Catalogue.model_validate(made)


CASES: dict[type, tuple[Callable[[World], Awaitable[None]], Callable[[str], asks.Ask]]] = {
    asks.Deploy: (nothing, lambda _: asks.Deploy("api", "v2")),
    asks.RollBack: (nothing, lambda _: asks.RollBack("api", "", shown=target_digest(known_good("v1")))),
    asks.PlanRollBack: (nothing, lambda _: asks.PlanRollBack("api")),
    asks.Drill: (drilled, lambda _: asks.Drill("api", "staging", "v2")),
    asks.Approve: (gate, lambda plan: asks.Approve("D-1", plan)),
    asks.Reject: (gate, lambda plan: asks.Reject("D-1", plan)),
    asks.Answer: (line, lambda _: asks.Answer("D-1", "told-everybody", "done")),
    asks.Abort: (line, lambda _: asks.Abort("D-1")),
    asks.Lock: (nothing, lambda _: asks.Lock("api", "", "a freeze")),
    asks.Unlock: (locked, lambda _: asks.Unlock("api", "")),
    asks.Acknowledge: (failed, lambda _: asks.Acknowledge("D-1.health-failing")),
    asks.OpenIncident: (stopped, lambda _: asks.OpenIncident("D-1.deploy-aborted")),
    asks.Resolve: (failed, lambda _: asks.Resolve("I-1", "v1 serves again.", LEARNED)),
    asks.Lead: (failed, lambda _: asks.Lead("I-1")),
    asks.Investigate: (failed, lambda _: asks.Investigate("I-1")),
    asks.Found: (failed, lambda _: asks.Found("I-1", "The probe was wrong.")),
}


async def recorded(database: StoreDatabase) -> int:
    async with await psycopg.AsyncConnection.connect(database.owner_url) as connection:
        row = await (await connection.execute("select count(*) from events")).fetchone()
        return int(row[0]) if row else 0


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
async def test_asked_again_it_moves_nothing(world: World, store_database: StoreDatabase, kind: type) -> None:
    prepare, made = CASES[kind]
    await prepare(world)
    ask, by = made((await world.run("D-1")).digest), ALEX
    first = await world.hears(ask, by)
    assert (first.refused, first.did != "") == ("", True), "it moves something the first time"
    before = await recorded(store_database)
    second = await world.hears(ask, by)
    assert await recorded(store_database) == before
    assert second.refused
    assert sentence(second).endswith((".", ")"))


def test_every_ask_is_asked_twice() -> None:
    """`/onboard` in `tests/tenants`, with its contract."""
    assert {*CASES, *SAID, asks.Onboard} == set(get_args(asks.Ask))
