"""A release on whose schema the one before does not run: the question says that the database goes first, and it does.

Its twin, on whose schema the one before does run, is in the tour (`sandbox/tour/rehearsed.py`).
"""

import pytest

from sandbox.tour.players import Players, done
from sandbox.world import SERVICE, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEFORE, AFTER = "024_tenant_flags", "025_week_hours"
FIRST = ("Database first:", "v42 does not run on 025_week_hours", 'column "longest_week_hours"')


async def test_the_migrations_go_back_before_the_pods(staging: World) -> None:
    world, players = staging, Players(staging)
    for version, schema in (("v42", BEFORE), ("v49", AFTER)):
        card = await players.tick_until(await players.deploy(version, "staging"), done)
        await players.outside(version, schema=schema, good=version, environment="staging")
    assert "v42 does not run on 025: a rollback takes the migrations back first" in card.shown

    casey = world.person("casey")
    asked = await players.types(
        "casey", f"/rollback {SERVICE} staging to v42", lambda m: "Roll back now" in m.buttons
    )
    assert [said for said in FIRST if said not in asked.shown] == []
    await casey.click(asked, "Roll back now")
    card = await players.see(
        "deploys", lambda m: f"Roll back {SERVICE} staging to v42" in m.shown and not m.ephemeral_to
    )
    await players.approve(card)
    card = await players.tick_until(card, done)
    assert "025_week_hours.sql taken back" in card.shown
    await players.outside("v42", schema=BEFORE, good="v49", environment="staging")
    assert world.sql("staging", "select state from opsbot.migrations where number = 25") == [("reverted",)]
    moved = [
        (step, at)
        for step, at in world.sql(
            "opsbot",
            "select data::jsonb->>'step', (data::jsonb->>'at')::timestamptz from events"
            " where starts_with(stream, 'run/R-') and data::jsonb->>'kind' = 'recorded' order by version",
        )
        if step in ("schema-first", "revert")
    ]
    assert list(dict.fromkeys(step for step, _ in moved)) == ["schema-first", "revert"]
