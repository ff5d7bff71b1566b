"""What people paste by mistake is redacted before it is kept or shown, as what a step answers is."""

import json
from dataclasses import replace
from typing import get_args

import psycopg
import pytest

from bot.telemetry.metrics import Metrics
from runbooks.engine import asks
from runbooks.engine.handle import Reception
from runbooks.redaction import Redactor
from runbooks.vocabulary import Severity
from tests.engine.test_twice import failed, locked, nothing
from tests.engine.world import ALEX, World
from tests.fixtures.store import StoreDatabase
from tests.incidents.records import LEARNED

CONFIGURED, SHAPED = "canary-of-the-configuration", "ghp" + "_" + "c4Na" * 9
SAID = f"it logs {CONFIGURED} and {SHAPED}"
TOLD = {
    asks.Lock: (nothing, asks.Lock("api", "", SAID)),
    asks.Unlock: (locked, asks.Unlock("api", "", SAID)),
    asks.Declare: (nothing, asks.Declare("api", "", SAID, Severity.S2)),
    asks.UpdateIncident: (failed, asks.UpdateIncident("I-1", SAID)),
    asks.Resolve: (failed, asks.Resolve("I-1", SAID, replace(LEARNED, happened=SAID, helped=SAID, change=SAID))),
    asks.Found: (failed, asks.Found("I-1", SAID)),
    asks.Deploy: (nothing, asks.Deploy("api", SHAPED)),
    asks.PlanRollBack: (nothing, asks.PlanRollBack("api", "", SHAPED)),
    asks.Drill: (nothing, asks.Drill("api", "", SHAPED)),
}


@pytest.fixture
def world(small_world: World) -> World:
    return small_world


def everything(database: StoreDatabase) -> str:
    """All that is kept, as text."""
    with psycopg.connect(database.owner_url) as owner:
        events = owner.execute("select data from events").fetchall()
        streams = owner.execute("select name, state::text from streams").fetchall()
        return json.dumps([events, streams, owner.execute("select key, reply::text from inbox").fetchall()])


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
async def test_what_people_say_is_kept_without_secrets(
    world: World, store_database: StoreDatabase, kind: type
) -> None:
    prepare, ask = TOLD[kind]
    await prepare(world)
    redactor = Redactor([CONFIGURED])
    reception = Reception(world.store, world.catalogue, world.members, lambda: world.now, world.shelf, redactor)
    reply = await reception.handle(ask, by=ALEX, key="pasted")
    kept = everything(store_database) + json.dumps(reply.facts)
    assert [secret for secret in (CONFIGURED, SHAPED) if secret in kept] == []
    assert "[redacted]" in kept
    assert bool(reply.refused) == (SHAPED in vars(ask).values())


def test_metrics_have_no_label_for_words_of_people() -> None:
    made = vars(Metrics()).values()
    labels = {name for metric in made for name in getattr(metric, "_labelnames", ())}
    assert labels == {"command", "outcome", "uses", "kind", "method", "part", "lag"}


def test_every_ask_with_words_of_people_is_tried() -> None:
    """The others carry nothing but names, which are looked up."""
    names = {"run", "digest", "step", "choice", "epoch", "finding", "incident", "instead_of", "service"}
    names |= {"environment", "severity", "shown", "tenant"}
    with_words = {ask for ask in get_args(asks.Ask) if not set(ask.__dataclass_fields__) <= names}
    assert with_words - {asks.RollBack} == set(TOLD)  # RollBack: a version that must have been good
