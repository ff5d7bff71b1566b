"""The form of `/deploy` in the local Slack: opened, filled in, corrected, and kept from opening by a fault."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from commands.views.deploy_form import KNOWN, OTHER, TYPED
from runbooks.vocabulary import Actor
from sandbox.browser import Browser
from sandbox.slack import Fault, Kind, LocalSlack
from sandbox.waiting import until
from tests.commands.form import names, with_versions
from tests.commands.seat import CHANNEL, Seat, serving
from tests.engine.world import World


@pytest.fixture
async def seat(world: World, local_slack: LocalSlack) -> AsyncIterator[Seat]:
    riley = Actor(f"{local_slack.workspace.team_id}/{local_slack.users['riley']}")
    world.members.groups["developers"] = {riley}
    await world.adopted("v1")
    async with serving(with_versions(world), local_slack):
        yield Seat(world, local_slack.person("riley"))


async def opened(seat: Seat) -> Mapping[str, Any]:
    """The form, once it is filled in."""
    await seat.person.command(CHANNEL, "/deploy")

    async def look_at_it() -> list[Mapping[str, Any]]:
        view = await seat.person.view()
        return [view] if view and "last known good v1" in json.dumps(view) else []

    return dict((await until(look_at_it, what="the form with what there is to choose"))[0])


async def typing(seat: Seat) -> None:
    """Choose to type the version, and wait for the field."""
    await seat.person.pick(f"{KNOWN}/api", OTHER)

    async def asks() -> bool:
        return TYPED in json.dumps(await seat.person.view())

    await until(asks, what="the field")


@pytest.mark.slack
async def test_deploy_alone_opens_the_form_and_it_starts_a_run(seat: Seat, local_slack: LocalSlack) -> None:
    view = await opened(seat)
    assert names(view, KNOWN) == [OTHER, "v3", "v2", "v1", "main"]
    await seat.person.submit({f"{KNOWN}/api": "v2"})

    async def closed() -> list[Mapping[str, Any]]:
        now = await seat.person.view()
        return [now] if now and "D-1 started: api v2 in production." in json.dumps(now) else []

    [end] = await until(closed, what="what came of it")
    assert "submit" not in end
    assert (await seat.world.run("D-1")).version == "v2"
    first = next(call for call in local_slack.journal.entries if call.method.startswith("views."))
    assert first.method == "views.open"
    assert "Reading which versions there are" in json.dumps(dict(first.args)), "it opens before anything is read"


@pytest.mark.slack
async def test_a_version_may_be_typed(seat: Seat) -> None:
    await opened(seat)
    await typing(seat)
    await seat.person.submit({TYPED: "hotfix/orders"})

    async def started() -> bool:
        return (await seat.world.run("D-1")).version == "hotfix/orders"

    await until(started, what="the run")


@pytest.mark.slack
async def test_half_filled_it_stays_open(seat: Seat, local_slack: LocalSlack) -> None:
    await opened(seat)
    await typing(seat)
    await seat.person.submit({TYPED: "not a version"})
    envelope = await local_slack.journal.until(
        lambda: [e for e in local_slack.journal.envelopes if e.payload.get("type") == "view_submission" and e.ack]
    )
    assert envelope[0].ack is not None
    assert list(envelope[0].ack["errors"]) == [TYPED]
    assert await seat.person.view() is not None


@pytest.mark.slack
async def test_a_choice_shows_what_it_would_change(seat: Seat) -> None:
    await opened(seat)
    await seat.person.pick(f"{KNOWN}/api", "v2")

    async def shows() -> bool:
        now = json.dumps(await seat.person.view(), ensure_ascii=False)
        return "last known good v1 `1111111` → *v2* · 4 commits by 2 authors" in now

    await until(shows, what="what v2 would change")


@pytest.mark.slack
async def test_where_it_can_not_be_opened_the_help_says_what_to_type(seat: Seat, local_slack: LocalSlack) -> None:
    local_slack.proxy.inject(Fault("views.open", Kind.ERROR, error="expired_trigger_id"))
    assert "`/deploy SERVICE VERSION [ENVIRONMENT]`" in (await seat.types("/deploy")).shown


@pytest.mark.slack
async def test_closed_before_it_is_filled_in_nothing_is_lost(seat: Seat, local_slack: LocalSlack) -> None:
    local_slack.proxy.inject(Fault("views.update", Kind.ERROR, error="not_found"))
    await seat.person.command(CHANNEL, "/deploy")
    await local_slack.journal.until(lambda: local_slack.journal.calls("views.update"))
    assert "`/deploy SERVICE VERSION [ENVIRONMENT]`" in (await seat.types("/deploy help")).shown


@pytest.mark.slack
@pytest.mark.browser
async def test_on_the_page_it_is_filled_in_sent_and_corrected(
    seat: Seat, local_slack: LocalSlack, browser: Browser
) -> None:
    riley = await browser.person(local_slack, "riley")
    await riley.open(CHANNEL)
    await riley.type("/deploy")
    await riley.dialog("last known good v1")
    assert await riley.page.locator(".modal .bk-unknown").count() == 0
    assert [await riley.picked(label) for label in ("Service", "Environment")] == ["api", "production"]
    assert "(optional)" not in await riley.dialog("Version")
    await riley.confirm()
    await riley.dialog("Say which version")
    await riley.pick("Version", OTHER)
    await riley.dialog("Another version")
    await riley.fill("Another version", "v2; rm")
    await riley.confirm()
    await riley.dialog("This can't be a version")
    await riley.pick("Version", "v3")
    await riley.dialog("→ v3")
    await riley.confirm()
    await riley.dialog("D-1 started: api v3 in production.")
    assert (await seat.world.run("D-1")).version == "v3"
