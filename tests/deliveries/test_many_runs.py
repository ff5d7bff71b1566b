"""The last state of every run reaches its card in time, whatever Slack's limits; in virtual time."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.client import Poster, web_client
from bot.adapters.slack.gate import Gate
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.store import Fold
from sandbox.slack import LocalSlack
from sandbox.slack.limits import Limits
from tests.deliveries.desk import Desk, desk_of
from tests.engine.world import CATALOGUE, RILEY, World

pytestmark = pytest.mark.slack
RUNS = 40


@dataclass
class House:
    """Many services, a desk on them, and when each card was edited last."""

    desk: Desk
    pool: Pool
    limits: Limits
    ended: dict[str, float] = field(default_factory=dict)  # when, by run
    shown: dict[str, float] = field(default_factory=dict)  # when its card was last edited, by run

    def clock(self) -> float:
        return self.desk.world.now.timestamp()

    async def begins(self, service: str) -> str:
        reply = await self.desk.world.hears(asks.Deploy(service, "v2"), RILEY)
        return str(reply.facts["run"])

    async def ends(self, *runs: str) -> None:
        for run in runs:
            await self.desk.world.hears(asks.Abort(run), RILEY)
            self.ended[run] = self.clock()
        await self.desk.world.works()

    async def goes_on(self, seconds: float) -> None:
        """All that is due until then, each at its time."""
        until = self.desk.world.now + timedelta(seconds=seconds)
        while (due := await self._due()) is not None and due <= until:
            self.desk.world.now = max(due, self.desk.world.now)
            calls = self.desk.slack.journal.entries
            seen = len(calls)
            await self.desk.deliver()
            edits = [each for each in calls[seen:] if each.method == "chat.update" and each.status == 200]
            self.shown |= {each.args["blocks"][0]["block_id"].split("/")[1]: self.clock() for each in edits}
        self.desk.world.now = until

    async def late(self) -> float:
        """The longest from an end to the edit that shows it; every card shows its end."""
        cards = [message for message in await self.desk.seen() if not message.thread_ts]
        assert sum("Deploy aborted" in card.shown for card in cards) == len(self.ended)
        return max(self.shown[run] - ended for run, ended in self.ended.items())

    async def _due(self) -> datetime | None:
        async with self.pool.session() as connection:
            found = await connection.execute(b"select min(due) from work where kind = 'messages'")
            [(due,)] = await found.fetchall()
        return due


@pytest.fixture
async def house(store: PostgresStore, store_pool: Pool, folds: dict[str, Fold], local_slack: LocalSlack) -> House:
    world = World(store)
    world.catalogue = _many(local_slack)
    world.use(PostgresStore(store_pool, folds, now=lambda: world.now))
    desk = desk_of(world, local_slack, store_pool)
    return House(replace(desk, deliveries=replace(desk.deliveries, catalogue=world.catalogue)), store_pool, Limits())


def _many(slack: LocalSlack) -> Catalogue:
    service: dict[str, Any] = CATALOGUE["services"]["api"]
    place = {**service["environments"]["production"], "channels": {"deploys": slack.channels["deploys"]}}

    def named(name: str) -> dict[str, Any]:
        workloads = [{"deployment": name, "containers": ["web"]}]
        return {**service, "workloads": workloads, "environments": {"production": place}}

    return Catalogue.model_validate({**CATALOGUE, "services": {f"api-{n}": named(f"api-{n}") for n in range(RUNS)}})


async def _running(house: House, runs: int) -> list[str]:
    """So many runs with a card each; from now on Slack is strict, and the desk behind a gate."""
    found = [await house.begins(f"api-{number}") for number in range(runs)]
    await house.desk.deliver()
    desk, clock = house.desk, house.clock
    house.limits = desk.slack.proxy.limits = Limits(clock)
    client = web_client(token=desk.slack.bot_token, api_url=desk.slack.api_url, gate=Gate(clock))
    house.desk = replace(desk, deliveries=replace(desk.deliveries, slack=Poster(client)))
    return found


async def test_runs_that_end_at_once_are_shown_as_fast_as_200_within_five_minutes(house: House) -> None:
    await house.ends(*await _running(house, RUNS))
    await house.goes_on(600)
    assert await house.late() <= RUNS * 300 / 200
    assert house.limits.refused == 0


async def test_40_ends_a_minute_are_each_shown_within_one_though_all_cards_move(house: House) -> None:
    for run in await _running(house, RUNS):
        await house.desk.world.works()
        await house.goes_on(1.5)
        await house.ends(run)
    await house.goes_on(300)
    assert await house.late() <= 60
    assert house.limits.refused == 0
