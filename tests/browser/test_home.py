"""The app's Home in Slack's page: what waits for whoever opens it, and the way there (`make images`)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbooks.engine import asks
from sandbox.browser import Browser
from tests.browser.album import Album
from tests.commands.seat import edge_of, serving
from tests.deliveries.desk import Desk, catalogue
from tests.deliveries.incident_desk import alex_of, delivered, desk, fails, riley_of

pytestmark = [pytest.mark.slack, pytest.mark.browser]
__all__ = ["desk"]  # a fixture


async def waits_for_approval(desk: Desk) -> str:
    world = desk.world
    run_id = await world.deploys("v3", by=riley_of(desk))
    await world.works()
    await world.hears(asks.Answer(run_id, "told-everybody", "done"), riley_of(desk))
    await world.works()
    return run_id


async def test_it_shows_what_waits_and_leads_there(
    desk: Desk,  # the fixture
    browser: Browser,
    tmp_path: Path,
) -> None:
    desk.world.catalogue, desk.world.now = catalogue(desk.slack), datetime.now(UTC)  # as the page's own times
    await desk.world.adopted("v1")
    incident = await fails(desk)
    await desk.world.releases(by=alex_of(desk))
    run_id = await waits_for_approval(desk)
    await delivered(desk)
    async with serving(edge_of(desk.world), desk.slack):
        alex = await browser.person(desk.slack, "alex")
        await alex.open_home()
        shown = await alex.home("What runs where")
        assert f"{run_id} api production → v3: to approve, until" in shown
        assert f"S2 {incident} api production" in shown
        await Album.of(tmp_path).take("home", alex, height=510)
        await alex.page.locator("main .home .channel-mention").first.click()
        await alex.button("Approve", on=f" · {run_id} · ").wait_for()
    assert desk.slack.journal.control_calls() == []
