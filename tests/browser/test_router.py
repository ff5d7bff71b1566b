"""The router in Slack's page, by typing and clicking; its pictures are those of the docs (`make images`)."""

from pathlib import Path

import pytest

from bot.adapters.postgres.store import PostgresStore
from sandbox.browser import Browser
from sandbox.slack import LocalSlack
from tests.browser.album import Album
from tests.commands.seat import CHANNEL, edge_of, serving
from tests.commands.stages import KNOWN as CATALOGUE
from tests.engine.world import World

pytestmark = [pytest.mark.slack, pytest.mark.browser]
ASKED, READ = "Is this an emergency rollback?", "Take over from a deploy"


async def test_the_router_leads_to_the_command_and_the_document(
    store: PostgresStore, local_slack: LocalSlack, browser: Browser, tmp_path: Path
) -> None:
    world, album = World(store), Album.of(tmp_path)
    world.catalogue = CATALOGUE
    async with serving(edge_of(world), local_slack):
        riley = await browser.person(local_slack, "riley")
        await riley.open(f"#{CHANNEL}")
        await riley.type("/ops")
        assert await riley.buttons(ASKED) == ["Yes", "No"]
        await riley.click("No", on=ASKED)
        await riley.sees("Are you deploying to production?")
        await album.take("router", riley, of="Are you deploying to production?", height=360)
        await riley.click("Back", on="Are you deploying to production?")
        await riley.click("Yes", on=ASKED)
        assert "/rollback solvereign-api production" in await riley.sees("IMMEDIATELY")
        await riley.click("Read it", on="IMMEDIATELY")
        shown = await riley.sees(READ)
        assert "psql solvereign < backend_py/db/migrations/NNN_rollback.sql" in shown
    assert local_slack.journal.control_calls() == []
