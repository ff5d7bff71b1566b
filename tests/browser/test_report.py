"""The report of an audit pack as an auditor opens it: offline, in Chromium, on a screen and on paper."""

import re
from pathlib import Path

import pytest
from playwright.async_api import FloatRect, Page

from runbooks.packs import pack, told
from runbooks.packs.scope import select
from sandbox.browser import Browser
from tests.browser.album import Album
from tests.packs.month import NAMES, WHOLE, month

pytestmark = pytest.mark.browser


@pytest.fixture
async def report(browser: Browser, tmp_path: Path) -> Page:
    path = tmp_path / "report.html"
    path.write_bytes(pack.files(told.read(select(WHOLE, month()), NAMES))["report.html"])
    return await browser.file(path)


async def test_it_is_drawn_without_the_network_and_asks_for_nothing(report: Page) -> None:
    asked: list[str] = []
    said: list[str] = []
    report.on("request", lambda request: asked.append(request.url))
    report.on("console", lambda message: said.append(message.text))
    await report.reload()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == 1
    assert said == [], "the page's own policy refused something"
    title = report.locator("h1")
    assert await title.inner_text() == "Audit pack: api"
    size = await title.evaluate("element => getComputedStyle(element).fontSize")
    assert size == "30px", "its own style is in force"
    assert await report.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    next_part = await report.locator("h2").nth(1).bounding_box()
    assert next_part is not None
    album = Album.of(Path(report.url.removeprefix("file://")).parent)
    clip: FloatRect = {"x": 0, "y": 0, "width": 1060, "height": next_part["y"] - 30}
    await report.screenshot(path=album.folder / "audit-report.png", clip=clip, full_page=True)


async def test_a_mark_of_the_plot_leads_to_its_run(report: Page) -> None:
    await report.locator("svg a", has_text="D-107 · deploy").first.click()
    assert report.url.endswith("#D-107")
    top = await report.locator("section#D-107 h3").evaluate("element => element.getBoundingClientRect().top")
    assert 0 <= top < 100


async def test_a_narrow_window_scrolls_down_only(report: Page) -> None:
    await report.set_viewport_size({"width": 420, "height": 800})
    assert await report.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_it_can_be_printed(report: Page) -> None:
    printed = await report.pdf(format="A4", print_background=True)
    assert printed.startswith(b"%PDF-")
    assert 5 < len(re.findall(rb"/Type\s*/Page\b", printed)) < 60
    await report.emulate_media(media="print")
    assert not await report.locator("nav").is_visible()
    await report.set_viewport_size({"width": 688, "height": 1000})  # A4 between its margins
    rows = await report.locator(".runs tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert max(rows) < 80, "its words stand whole beside one another"
