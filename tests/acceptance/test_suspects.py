"""A release that crashes, by the process as it is served: people are told what changed in it."""

import pytest

from sandbox.tour import Players
from sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

ERROR = "fatal: SOLVEREIGN_DATABASE_URL is not set"


async def test_the_card_and_the_finding_name_what_changed(production: World) -> None:
    players = Players(production)
    card = await players.deploy("v44")
    failed = await players.until_card(card, lambda m: "What changed in it" in m.shown)
    for said in ("Name our settings after ourselves", "Ada Beispiel", ERROR):
        assert said in failed.shown
    finding = await players.see("incidents", lambda m: "What changed in it" in m.shown)
    assert ERROR in finding.shown
