"""People deploy, approve and roll back in Slack's page by typing and clicking; their pictures are those of the docs.

`make images` puts the pictures into docs/images; otherwise they go to a temporary folder.
"""

from pathlib import Path

import pytest
from playwright.async_api import expect

from sandbox.browser import Browser, BrowserPerson
from sandbox.outsiders import look
from sandbox.service.traffic import plan_a_season
from sandbox.world import SERVICE, World
from tests.browser.album import Album

pytestmark = [
    pytest.mark.browser,
    pytest.mark.cluster,
    pytest.mark.slack,
    pytest.mark.asyncio(loop_scope="session"),
]

LONG = 90.0  # seconds, for what the machine must do first
TYPED, CLICKED, SENT, CLOSED, HOME = "slash_command", "block_action", "view_submit", "view_close", "open_home"


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album.of(tmp_path)


async def test_people_deploy_approve_and_roll_back_by_typing_and_clicking(
    production: World, staging: World, chromium_program: Path, album: Album
) -> None:
    world = production
    world.slack.journal.clear()
    async with Browser(chromium_program) as browser:
        riley, alex, casey = [await _sits_down(browser, world, name) for name in ("riley", "alex", "casey")]

        deploy = await _fills_in_the_form(riley, album)
        await _ticks(riley, deploy, lines=1)
        await casey.type(f"/rollback {SERVICE} production")
        await casey.sees(f"Roll back {SERVICE} production to v41", seconds=LONG)
        await riley.button("Approve", on=deploy).wait_for(timeout=LONG * 1000)
        await _comes_from_home(alex, deploy)
        await _approves(alex, deploy, album)
        assert "v42 is the last known good" in await riley.sees(f"Deployed {SERVICE} to production", seconds=LONG)
        await album.take("deployed", riley, of=deploy, height=540)
        assert (await look(world)).images == {"v42"}
        await _is_refused(casey)

        await _breaks(world, riley, alex, album)

        deploy = await _deploys(riley, "main")
        await _ticks(riley, deploy, lines=1)
        await _approves(alex, deploy)
        await riley.sees("all well so far", seconds=LONG)  # it serves, and is watched
        assert (await look(world)).images == {"main"}
        await _rolls_back(casey, stopping=deploy, album=album)
        await riley.sees(f"Deploy stopped: {SERVICE} to production")

    facts = await look(world)
    assert facts.answers == {"v42"}
    assert (facts.ready, facts.schema) == (facts.wanted, "025_shift_notes")
    assert world.slack.journal.control_calls() == []
    assert {gesture["t"] for gesture in world.slack.journal.gestures} == {TYPED, CLICKED, SENT, CLOSED, HOME}


async def _sits_down(browser: Browser, world: World, name: str) -> BrowserPerson:
    person = await browser.person(world.slack, name)
    await person.open("#deploys")
    return person


async def _fills_in_the_form(person: BrowserPerson, album: Album) -> str:
    """Deploys v42 by `/deploy` alone; what its card is known by."""
    await person.type("/deploy")
    await person.dialog("Choose the service", seconds=LONG)
    await person.pick("Service", SERVICE)
    await person.dialog(f"{SERVICE} production: last known good v41")
    await person.pick("Environment", "staging")
    await person.dialog(f"{SERVICE} staging: last known good v41")
    await person.pick("Environment", "production")
    await person.pick("Version", "v42")
    assert "2 commits by 2 authors" in await person.dialog("→ v42")
    await album.take_part("form", person, person.page.locator(".modal"), margin=24)
    await person.confirm()
    said = await person.dialog(f"started: {SERVICE} v42 in production.", seconds=LONG)
    await person.dismiss()
    return _card_of(next(line for line in said.splitlines() if "started:" in line).split()[0])


async def _comes_from_home(person: BrowserPerson, card: str) -> None:
    """Sees on the bot's Home what waits for them, and goes where it can be done."""
    await person.open("#general")
    await person.open_home()
    assert f"{_run_of(card)} {SERVICE} production → v42: to approve, until" in await person.home("to approve")
    await person.page.locator("main .home .channel-mention", has_text="deploys").first.click()
    await person.card(card).wait_for()


async def _deploys(person: BrowserPerson, version: str) -> str:
    """Types the command; what its card is known by."""
    await person.type(f"/deploy {SERVICE} {version} production")
    said = await person.sees(f"started: {SERVICE} {version} in production.", seconds=LONG)
    return _card_of(said.splitlines()[-1].split()[0])


def _card_of(run: str) -> str:
    return f" · {run} · "


def _run_of(card: str) -> str:
    return card.strip(" ·")


async def _ticks(person: BrowserPerson, card: str, *, lines: int) -> None:
    """Every open line, one after the other."""
    for left in range(lines, 0, -1):
        await expect(person.button("Done", on=card)).to_have_count(left, timeout=LONG * 1000)
        await person.click("Done", on=card)


async def _approves(person: BrowserPerson, card: str, album: Album | None = None) -> None:
    await person.button("Approve", on=card).wait_for(timeout=LONG * 1000)
    if album is not None:
        assert "Waits for 1 approval of @sre, not by @Riley Requester" in await person.sees(card)
        await album.take("approval", person, of=card, height=950)
    await person.click("Approve", on=card)


async def _breaks(world: World, riley: BrowserPerson, alex: BrowserPerson, album: Album) -> None:
    """v46 is well until a tenant plans a season: the watch sees it, tells #incidents, and it goes back by itself."""
    deploy = await _deploys(riley, "v46")  # no line is open: it brings no migration
    await _approves(alex, deploy)
    await expect(alex.card(deploy)).to_contain_text("all well so far", timeout=LONG * 1000)
    await plan_a_season(world.urls["production"])
    await alex.open("#incidents")
    found = await alex.sees(deploy, seconds=LONG)
    for said in (
        "S2 · Deploy failed, rollback needed",
        "Failed plans: ",
        "The rollback to v42 has begun by itself",
    ):
        assert said in found
    await album.take("failed", alex, of=deploy, height=400)
    await alex.click("Acknowledge", on=deploy)
    await alex.sees("Acknowledged by @Alex Approver")
    await alex.open("#deploys")
    await _looks_at_the_kpis(alex, deploy, album)
    await riley.sees(f"Deploy failed: {SERVICE} to production")
    back = _card_of(_run_of(deploy).replace("D-", "R-"))
    await _writes_the_lessons(riley, back)
    await riley.sees(f"Rolled back {SERVICE} production to v42", seconds=LONG)
    await _lets_deploys_go_on(alex, back)


async def _lets_deploys_go_on(person: BrowserPerson, card: str) -> None:
    """Says why, in the form that the rollback's card opens."""
    await person.click("Release deploys", on=card, seconds=LONG)
    await person.fill(f"Why deploys of {SERVICE} production may go on", "No tenant plans a season today.")
    await person.confirm()
    await expect(person.card(card)).to_contain_text("were released by @Alex Approver", timeout=LONG * 1000)


async def _writes_the_lessons(person: BrowserPerson, card: str) -> None:
    """In the form of the incident, which the rollback's last line opens."""
    await person.button("Write lessons", on=card).wait_for(timeout=LONG * 1000)
    await person.click("Write lessons", on=card)
    for label in ("What resolved it", "What happened", "What helped", "What is to change"):
        await person.fill(label, "v42 serves again.")
    await person.confirm()


async def _looks_at_the_kpis(person: BrowserPerson, card: str, album: Album) -> None:
    """Opens the thread, makes it wide, and sees how each KPI went before the deploy and in the watch."""
    await person.page.set_viewport_size({"width": 1280, "height": 800})
    await person.open_thread(card)
    await person.widen_thread(480)
    watched = person.page.locator(".thread-pane .msg", has_text="Monitor for 30min").last
    image = watched.locator(".bk-image img")
    await image.wait_for(timeout=LONG * 1000)
    await expect(image).to_have_js_property("complete", value=True)
    assert await image.evaluate("image => image.naturalWidth") > 0
    assert "failed plans: " in (await image.get_attribute("alt") or "")
    await album.take_part("kpis", person, watched)
    await person.close_thread()


async def _is_refused(person: BrowserPerson) -> None:
    """Confirms what was true before the deploy ended: refused, and said where the question stood."""
    await person.click("Roll back now", on="last known good since")
    await person.sees("Not started. What you confirmed has changed")
    assert await person.card("last known good since").count() == 0


async def _rolls_back(person: BrowserPerson, *, stopping: str, album: Album) -> None:
    """Asks, reads what comes back and what stays, confirms."""
    stopped = _run_of(stopping)
    await person.type(f"/rollback {SERVICE} production")
    asked = await person.sees(f"Roll back {SERVICE} production to v42", seconds=LONG)
    for said in (
        "only visible to you",
        "last known good since",
        f"{stopped} will be stopped first",
        "025 stays: v42 is known to run on it",
    ):
        assert said in asked
    await album.take("rollback-confirm", person, of=f"Roll back {SERVICE} production to v42", height=460)
    await person.click("Roll back now", on="will be stopped first")
    said = await person.sees(f"Stopped for it: {stopped}.", seconds=LONG)
    assert await person.card("will be stopped first").count() == 0  # the answer stands in its place
    back = _card_of(said.splitlines()[-1].split()[0])
    await _writes_the_lessons(person, back)
    await person.sees(f"Rolled back {SERVICE} production to v42 in ", seconds=LONG)
    await expect(person.card(back)).to_contain_text("✅ Done", timeout=LONG * 1000)
    await album.take("rolled-back", person, of=back, height=460)
