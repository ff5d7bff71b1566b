"""Each run's last state reaches its card in time, though processes share what Slack takes; in virtual time."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.adapters.postgres.budgets import SharedBudgets
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.client import Poster, web_client
from bot.adapters.slack.gate import Gate
from bot.deliveries import Deliveries
from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.engine import asks
from runbooks.store import Fold
from sandbox.slack import LocalSlack
from sandbox.slack.limits import Limits
from tests.deliveries.desk import Desk, desk_of
from tests.engine.world import CATALOGUE, RILEY, World

pytestmark = pytest.mark.slack
RUNS = 40
LINES = "# Deploy\n\n- [ ] Look\n- [ ] Look again\n"


@dataclass
class Several(Desk):
    """Deliveries of several processes: what is due goes to one after the other."""

    turns: Iterator[Deliveries]

    async def deliver(self) -> None:
        while (lease := await self.world.store.claim(["messages"])) is not None:
            await self.world.store.finish(lease, await next(self.turns).deliver(lease))


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

    async def moves(self, run: str) -> None:
        """Somebody ticks its first line."""
        assert (await self.desk.world.ticks(run, "look")).did == "answered"
        await self.desk.world.works()

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
    world.shelf.documents["deploy"] = parse(LINES, path="deploy.md", known={})
    desk = desk_of(world, local_slack, store_pool)
    return House(replace(desk, deliveries=replace(desk.deliveries, catalogue=world.catalogue)), store_pool, Limits())


def _many(slack: LocalSlack) -> Catalogue:
    service: dict[str, Any] = CATALOGUE["services"]["api"]
    place = {**service["environments"]["production"], "channels": {"deploys": slack.channels["deploys"]}}

    def named(name: str) -> dict[str, Any]:
        workloads = [{"deployment": name, "containers": ["web"]}]
        return {**service, "workloads": workloads, "environments": {"production": place}}

    return Catalogue.model_validate({**CATALOGUE, "services": {f"api-{n}": named(f"api-{n}") for n in range(RUNS)}})


async def _running(house: House, processes: int) -> list[str]:
    """All services' runs with a card each; from now on Slack is strict, and each process behind a gate."""
    found = [await house.begins(f"api-{number}") for number in range(RUNS)]
    await house.desk.world.works()
    await house.desk.deliver()
    house.limits = house.desk.slack.proxy.limits = Limits(house.clock)
    turns = itertools.cycle([_process(house) for _ in range(processes)])
    house.desk = Several(house.desk.world, house.desk.slack, house.desk.deliveries, turns)
    return found


def _process(house: House) -> Deliveries:
    slack, books = house.desk.slack, SharedBudgets(house.pool, now=lambda: house.desk.world.now)
    client = web_client(token=slack.bot_token, api_url=slack.api_url, gate=Gate(shared=books))
    return replace(house.desk.deliveries, slack=Poster(client), edited={})


@pytest.mark.parametrize("processes", [1, 3])
async def test_runs_that_end_at_once_are_shown_as_fast_as_200_within_five_minutes(
    house: House, processes: int
) -> None:
    await house.ends(*await _running(house, processes))
    await house.goes_on(600)
    assert await house.late() <= RUNS * 300 / 200
    assert house.limits.refused == 0


@pytest.mark.parametrize("processes", [1, 3])
async def test_40_ends_a_minute_are_each_shown_within_one_though_other_cards_move(
    house: House, processes: int
) -> None:
    runs = await _running(house, processes)
    for number, run in enumerate(runs):
        await house.goes_on(1.5)
        await house.ends(run)
        for other in runs[number + RUNS // 2 :][:1]:
            await house.moves(other)
    await house.goes_on(300)
    assert await house.late() <= 60
    assert house.limits.refused == 0
