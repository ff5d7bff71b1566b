"""Drills in the app's Home: what the last one took and when the next is due, and a plot with the five minutes."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from bot.adapters.plots import drawn, scale
from commands.drill import parse
from commands.home import look, show
from commands.views.drill_times import lines, listed, picture
from commands.views.home import home
from runbooks.drills.decide import Keep, Want, decide
from runbooks.drills.state import Drills, evolve, start
from runbooks.engine import asks
from tests.bad_input.desk import shown
from tests.commands.seat import edge_of
from tests.commands.test_home import Tabs
from tests.engine.drilling import Drilling
from tests.engine.knob import TEN
from tests.engine.world import RILEY, World


def drills(*backs: float, failed: bool = False) -> Drills:
    """So many that ended well, a week apart, and maybe one that did not."""
    found, said = start("drill/api/staging"), [Want(7 * 86_400)]
    kept = [Keep(f"E-{n}", "v43", "v42", "succeeded", TEN, timedelta(seconds=back)) for n, back in enumerate(backs)]
    kept += [Keep("E-99", "v43", "v42", "failed", TEN)] if failed else []
    for week, command in enumerate([*said, *kept]):
        for event in decide(found, command, TEN + week * timedelta(days=7)):
            found = evolve(found, event)
    return found


def test_a_line_tells_the_last_good_one_the_last_at_all_and_the_next() -> None:
    [line] = lines(drills(41, 302.4, failed=True))
    assert line.startswith("*api staging* · back in 5 m 2 s, over the five minutes · E-1, by way of v43, ")
    assert " · E-99 failed " in line
    assert " · next one due " in line
    assert list(lines(start("drill/api/staging"))) == ["*api staging* · no drill has ended well yet"]
    assert "Add `drill:`" in listed([])


def test_the_plot_has_the_five_minutes_whatever_the_drills_took() -> None:
    found = picture([drills(41, 38, 40)])
    assert found is not None
    [panel] = found.panels
    assert (panel.limit, panel.good, len(panel.after)) == (300, True, 3)
    assert scale(panel)[0] == 300
    assert found.alt == "Way back of api staging, in seconds: 40 s in the last drill, at most five minutes"
    with Image.open(io.BytesIO(drawn(found))) as image:
        assert (image.format, image.size) == ("PNG", (1520, 380))
    assert picture([drills(failed=True)]) is None


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ([], asks.Drill("api", "staging")),
        (["v3"], asks.Drill("api", "staging", "v3")),
        (["staging"], asks.Drill("api", "staging")),
        (["production"], asks.Drill("api", "production")),
        (["staging", "v3"], asks.Drill("api", "staging", "v3")),
        (["v3", "staging"], asks.Drill("api", "staging", "v3")),  # in the order of /deploy
        (["staging", "to", "v3"], asks.Drill("api", "staging", "v3")),  # as after /rollback
        (["to", "v3"], asks.Drill("api", "staging", "v3")),
        (["nowhere", "v3"], asks.Drill("api", "nowhere", "v3")),
    ],
)
async def test_the_only_place_with_drills_need_not_be_named(
    world: World, rest: list[str], expected: asks.Drill
) -> None:
    Drilling(world)
    assert parse(world.catalogue, "api", rest) == expected


async def test_home_tells_of_drills_where_there_are_some(world: World) -> None:
    assert "Drills" not in shown(home(world.catalogue, await look(edge_of(world), RILEY))["blocks"])
    drilling = Drilling(world)
    await drilling.good("v1")
    run = await drilling.through()
    tabs = Tabs()
    await show(edge_of(world), tabs, RILEY)
    [view] = tabs.of.values()
    assert f"back in 1 s · {run.id}, by way of v3" in shown(view["blocks"])
    assert [block["alt_text"] for block in view["blocks"] if block["type"] == "image"] == [
        "Way back of api staging, in seconds: 1 s in the last drill, at most five minutes"
    ]
