"""An incident in Slack's page: its channel with the card, and the form that ends it (`make images`)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.browser import Browser
from sandbox.waiting import until
from tests.browser.album import Album
from tests.commands.seat import edge_of, serving
from tests.deliveries.desk import Desk
from tests.deliveries.incident_desk import delivered, desk, fails, incident

pytestmark = [pytest.mark.slack, pytest.mark.browser]
__all__ = ["desk"]  # a fixture


async def test_its_channel_shows_the_card_and_resolving_asks_what_was_learned(
    desk: Desk,  # the fixture
    browser: Browser,
    tmp_path: Path,
) -> None:
    album = Album.of(tmp_path)
    async with serving(edge_of(desk.world), desk.slack):
        desk.world.now = datetime.now(UTC)  # as the page's own times
        await desk.world.adopted("v1")
        name = await fails(desk)
        await delivered(desk)
        alex = await browser.person(desk.slack, "alex")
        await alex.open(f"#inc-{desk.world.now:%Y-%m-%d}-api")
        assert "New pods crash." in await alex.sees("Deploy failed, rollback needed")
        await album.take("incident", alex, of="Deploy failed, rollback needed", height=440)
        await alex.click("Resolve", on="Deploy failed, rollback needed")
        for label, said in {
            "What resolved it": "v1 serves again.",
            "What happened": "The pods crashed at start.",
            "What helped": "The rollback.",
            "What is to change": "Test the settings first.",
        }.items():
            await alex.fill(label, said)
        await alex.confirm()

        async def resolved() -> bool:
            return (await incident(desk, name)).lessons is not None

        await until(resolved, what="the lessons")
        await delivered(desk)
        assert "The pods crashed at start." in await alex.sees(f"Lessons of {name}")
