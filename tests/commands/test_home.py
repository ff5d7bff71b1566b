"""The app's Home: what it shows of a state, for whom; and that it is there when somebody opens it in Slack."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.home import look, show
from commands.replies import NOT_READ
from commands.views import words
from commands.views.home import Seen, home
from commands.views.plots import Picture
from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.folds import folds as rooms
from runbooks.incidents.findings import Finding
from runbooks.releases.decide import Adopt
from runbooks.releases.state import Release
from runbooks.vocabulary import Actor, Failed
from sandbox.browser import Browser
from sandbox.slack import Fault, Kind, LocalSlack
from tests.bad_input.desk import shown
from tests.commands.seat import edge_of, serving
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM, World, known_good
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import proxied

View = Mapping[str, Any]


class Tabs:
    """What each person's Home shows."""

    def __init__(self) -> None:
        self.of: dict[str, View] = {}

    async def picture(self, picture: Picture) -> dict[str, Any]:
        return {"type": "image", "slack_file": {"id": "F1"}, "alt_text": picture.alt}

    async def publish(self, user: str, view: dict[str, Any]) -> None:
        self.of[user] = view


async def seen_by(world: World, me: Actor) -> str:
    """All that can be read on the person's Home."""
    return shown(home(world.catalogue, await look(edge_of(world), me))["blocks"])


def part(text: str, title: str) -> list[str]:
    """The lines below a title."""
    titles = {"Waits for you", "Under way", "What runs where", "Open incidents", "Findings that nobody has taken on"}
    lines = text.split("\n")
    after = lines[lines.index(title) + 1 :]
    end = next((n for n, line in enumerate(after) if line in titles or line.startswith("`/deploy` opens")), None)
    return after[:end]


async def test_before_anything_was_done(world: World) -> None:
    text = await seen_by(world, RILEY)
    assert part(text, "Waits for you") == ["Nothing."]
    assert part(text, "Under way") == ["Nothing is under way."]
    assert part(text, "What runs where") == ["*api production* · no last known good is recorded"]
    assert part(text, "Findings that nobody has taken on") == ["None."]


async def test_lines_wait_for_whoever_may_tick_them(world: World) -> None:
    run_id = await world.deploys("v2")
    await world.works()
    for somebody in (RILEY, ALEX):
        assert part(await seen_by(world, somebody), "Waits for you") == [
            f"⏸ *{run_id}* api production → v2: 1 line to be ticked · on its card in <#C1>"
        ]
    assert part(await seen_by(world, OUTSIDER), "Waits for you") == ["Nothing."]


async def test_an_approval_waits_for_those_who_may_give_it_and_have_not(world: World) -> None:
    run_id = await world.at_the_gate("v2")
    until = "<!date^1795516200^{time}|10:30 UTC>"
    waits = [f"⏸ *{run_id}* api production → v2: to approve, until {until} · on its card in <#C1>"]
    assert part(await seen_by(world, ALEX), "Waits for you") == waits
    assert part(await seen_by(world, RILEY), "Waits for you") == ["Nothing."], "who asked can't approve"
    assert part(await seen_by(world, OUTSIDER), "Waits for you") == ["Nothing."]
    assert f"*{run_id}* deploy of api v2 to production" in part(await seen_by(world, OUTSIDER), "Under way")[0]
    await world.approves(run_id, ALEX)
    assert part(await seen_by(world, ALEX), "Waits for you") == ["Nothing."]


async def test_a_decision_waits_for_whoever_may_take_it(world: World) -> None:
    run_id = await world.at_the_gate("v2")
    world.outside.answers = [ValueError("a fault of ours")]
    await world.approves(run_id)
    await world.works()
    assert part(await seen_by(world, SAM), "Waits for you") == [
        f"⏸ *{run_id}* api production → v2: to decide, “Turn the knob” · on its card in <#C1>"
    ]


async def test_what_runs_and_what_is_last_known_good(world: World) -> None:
    await world.adopted("v1")
    good = "last known good v1 `1111111`, since <!date^1795514400^{date_short_pretty} {time}|24 Nov 2026 10:00 UTC>"
    assert part(await seen_by(world, RILEY), "What runs where") == [f"*api production* · runs its {good}"]


async def test_what_was_adopted_since_is_not_what_a_failed_deploy_left(world: World) -> None:
    run_id = await world.at_the_gate("v2")
    world.outside.answers = [Failed("New pods crash.")]
    await world.approves(run_id)
    await world.works()
    world.later(minutes=1)
    draft = Draft(store=world.store, catalogue=world.catalogue, now=world.now)
    await draft.apply("release/api/production", Adopt(replace(known_good("v2"), at=world.now), ALEX))
    await world.store.commit(draft.changes())
    text = await seen_by(world, RILEY)
    [shown_now] = part(text, "What runs where")
    assert "left it" not in shown_now
    assert part(text, "Findings that nobody has taken on") == ["None."]


async def test_what_a_failed_deploy_left_and_its_finding_until_somebody_takes_it_on(world: World) -> None:
    run_id = await world.at_the_gate("v2")
    world.outside.answers = [Failed("New pods crash.")]
    await world.approves(run_id)
    await world.works()
    text = await seen_by(world, RILEY)
    assert part(text, "What runs where") == [
        f"*api production* · as {run_id} left it, which failed · no last known good is recorded"
    ]
    assert part(text, "Findings that nobody has taken on") == [
        f"*S2* Deploy failed, rollback needed · api production · {run_id}"
    ]
    opened, said = part(text, "Open incidents")
    assert opened.startswith(f"*S2* *{run_id.replace('D-', 'I-')}* api production · ")
    assert (said.strip(), "nobody has taken it on" in opened) == ("Deploy failed, rollback needed", True)
    await world.hears(asks.Acknowledge(f"{run_id}.deploy-failed"), ALEX)
    text = await seen_by(world, RILEY)
    assert part(text, "Findings that nobody has taken on") == ["None."]
    assert part(text, "Open incidents")[0].endswith(f" · {words.person(ALEX)}")


async def test_after_a_rollback_to_an_older_version_that_one_runs(world: World) -> None:
    await world.adopted("v1")
    await world.adopted("v2")
    assert (await world.hears(asks.PlanRollBack("api", version="v1"), ALEX)).did == "planned"
    await world.works()
    for step in ("read-how", "told-them"):
        await world.hears(asks.Answer("R-1", step, "done"), SAM)
    await world.works()
    await world.approves("R-1", SAM)
    await world.works()
    await world.hears(asks.Answer("R-1", "lessons", "done"), SAM)
    await world.works()
    line = part(await seen_by(world, RILEY), "What runs where")[0]
    assert line.startswith("*api production* · runs v1 since R-1 · last known good v2 `2222222`")


async def test_a_lock_is_said_with_its_reason(world: World) -> None:
    await world.hears(asks.Lock("api", "production", "<!channel> the market is open"), ALEX)
    lines = part(await seen_by(world, RILEY), "What runs where")
    at = "<!date^1795514400^{time}|10:00 UTC>"
    assert lines[1] == f"\u2003⏸ deploys locked by <@UALEX> at {at}: “&lt;!channel&gt; the market is open”"


async def test_where_nobody_can_tell_who_is_in_which_group_it_says_so(world: World) -> None:
    await world.at_the_gate("v2")
    world.members.silent = True
    [line] = part(await seen_by(world, ALEX), "Waits for you")
    assert line.startswith("Slack did not say who is in which group")


def test_very_much_is_listed_in_part_and_fits(world: World) -> None:
    many = [Finding(f"D-{n}.x", name="x", title="A long title " * 20, run=f"D-{n}") for n in range(200)]
    releases = [Release("api", f"place-{n}") for n in range(200)]
    view = home(world.catalogue, Seen(RILEY, frozenset(), [], releases, many))
    text = shown(view["blocks"])
    assert "185 more" in text
    assert "160 more: `/lkg`" in text
    assert len(view["blocks"]) <= 100
    assert all(len(b["text"]["text"]) <= 3000 for b in view["blocks"] if "text" in b)


async def test_without_a_database_it_says_so(store_database: StoreDatabase) -> None:
    tabs = Tabs()
    async with proxied(store_database.url) as line, Pool(line.url) as pool:
        edge = edge_of(World(PostgresStore(pool, rooms())))
        line.refuse = True
        await show(edge, tabs, RILEY)
    assert shown(tabs.of["URILEY"]["blocks"]) == NOT_READ


# ---------------------------------------------------------------- in Slack


@pytest.fixture
async def served(world: World, local_slack: LocalSlack) -> AsyncIterator[LocalSlack]:
    async with serving(edge_of(world), local_slack):
        yield local_slack


async def published(slack: LocalSlack, number: int) -> View:
    """The view of that publication, as Slack was asked for it and took it."""
    found = await slack.journal.until(
        lambda: [c for c in slack.journal.calls("views.publish") if c.response][number - 1 :]
    )
    call = found[0]
    assert call.response["ok"], call.response
    view = call.args["view"]
    return dict(json.loads(view) if isinstance(view, str) else view)


@pytest.mark.slack
async def test_it_is_made_anew_whenever_it_is_opened(world: World, served: LocalSlack) -> None:
    alex = Actor(f"{served.workspace.team_id}/{served.users['alex']}")
    world.members.groups["sre"] = {alex}
    await served.person("alex").open_home()
    assert part(shown((await published(served, 1))["blocks"]), "Waits for you") == ["Nothing."]
    run_id = await world.at_the_gate("v2")
    await served.person("alex").open_home()
    [line] = part(shown((await published(served, 2))["blocks"]), "Waits for you")
    assert line.startswith(f"⏸ *{run_id}* api production → v2: to approve")
    assert served.journal.calls("views.publish")[1].args["user_id"] == served.users["alex"]


@pytest.mark.slack
async def test_where_slack_will_not_publish_it_the_next_opening_does(world: World, served: LocalSlack) -> None:
    served.proxy.inject(Fault("views.publish", Kind.ERROR, error="not_enabled"))
    await served.person("riley").open_home()
    await served.journal.until(lambda: [c for c in served.journal.calls("views.publish") if c.status])
    await served.person("riley").open_home()
    assert (await published(served, 2))["type"] == "home"


@pytest.mark.slack
@pytest.mark.browser
async def test_on_the_page_it_is_drawn_whole(world: World, served: LocalSlack, browser: Browser) -> None:
    await world.adopted("v1")
    run_id = await world.at_the_gate("v2")
    riley = await browser.person(served, "riley")
    await riley.open_home()
    drawn = await riley.home("What runs where")
    assert f"{run_id} deploy of api v2 to production" in drawn
    assert "api production · runs its last known good v1 1111111" in drawn
    assert await riley.page.locator("main .bk-unknown").count() == 0
