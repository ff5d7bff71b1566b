"""The watch over a real release: cut off by a kill it goes on to the same end, and its picture stands in Slack."""

import httpx
import pytest

from sandbox.tour import Players
from sandbox.waiting import until
from sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKED = "select (state->'steps'->'watch'->>'recorded_at')::timestamptz < now() - interval '8 s'"
LONG_AGO = f"{LOOKED} from streams where name = %(name)s"  # more than the watch lets pass in silence
RUN = "select state from streams where name = %(name)s"


async def test_a_watch_that_was_cut_off_goes_on_to_the_same_end(production: World) -> None:
    world, players = production, Players(production)
    card = await players.deploy("v42")
    await players.until_card(card, lambda m: "all well so far" in m.shown)
    assert world.bot is not None
    world.bot.kill()
    await world.bot.wait()
    name = f"run/{next(word for word in card.shown.split() if word.startswith('D-'))}"
    await until(lambda: world.sql("opsbot", LONG_AGO, name=name) == [(True,)], seconds=20, what="a gap")
    await world.serve()

    await players.until_card(card, lambda m: "✅ Done" in m.shown)

    [(state,)] = world.sql("opsbot", RUN, name=name)
    watched = state["steps"]["watch"]["outcome"]
    assert "not looked at between" in watched["line"]
    assert len(watched["evidence"]["gaps"]) == 1
    pictures = [
        m.blocks[-1]
        for m in await world.person("riley").messages("deploys")
        if m.thread_ts == card.ts and m.blocks and m.blocks[-1].get("type") == "image"
    ]
    assert len(pictures) == 2  # of the baseline, and of the watch
    async with httpx.AsyncClient() as client:
        for picture in pictures:
            assert (await client.get(picture["image_url"])).content.startswith(b"\x89PNG")
