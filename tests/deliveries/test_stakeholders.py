"""Stakeholders told in channels and by messages of their own, on the local Slack; who can't be told is named."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.adapters.postgres.messages import MessageLog
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.channels import SlackChannels
from bot.adapters.slack.client import Poster, SlackRefused, web_client
from bot.adapters.slack.gate import Gate, OwnBooks
from bot.deliveries import AT_ONCE, Deliveries
from bot.incident_rooms import IncidentRooms
from bot.posts import Posts
from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.engine import asks
from runbooks.runs.state import Status
from runbooks.steps.notify import NotifyStakeholders
from runbooks.steps.source import Author
from runbooks.store import Fold
from runbooks.vocabulary import Done, Failed
from sandbox.slack import Fault, Kind, LocalSlack, Message
from tests.engine.world import CATALOGUE, World

pytestmark = pytest.mark.slack

PEOPLE = {"Bodo@api.example": "U0CASEY", "riley@api.example": "U0RILEY"}

DOCUMENT = """# Deploy

- [ ] Stakeholders notified
  ```step
  id: told
  uses: notify.stakeholders
  ```
- [ ] Approved
  ```step
  uses: approve
  ```
- [ ] Turn the knob
  ```step
  id: knob
  uses: knob
  ```
"""


@dataclass
class Desk:
    """A world whose production names stakeholders, and its Slack."""

    world: World
    slack: LocalSlack
    deliveries: Deliveries

    async def goes(self, rounds: int = 6) -> None:
        """Work and deliver, second by second."""
        for _ in range(rounds):
            await self.world.works()
            while (lease := await self.world.store.claim(["messages"])) is not None:
                await self.world.store.finish(lease, await self.deliveries.deliver(lease))
            self.world.later(seconds=2)

    async def to(self, person: str) -> list[Message]:
        """What stands in the conversation between this person and the bot."""
        client = web_client(token=self.slack.bot_token, api_url=self.slack.api_url)
        opened = await client.conversations_open(users=self.slack.workspace.users[person])
        return await self.slack.person(person).messages(str(opened["channel"]["id"]))


def catalogue(slack: LocalSlack, *, channels: tuple[str, ...], people: tuple[str, ...]) -> Catalogue:
    service: dict[str, Any] = CATALOGUE["services"]["api"]
    told = {"channels": list(channels), "people": list(people)}
    place = {
        **service["environments"]["production"],
        "channels": {"deploys": slack.channels["deploys"]},
        "stakeholders": told,
    }
    web = {**place, "stakeholders": {"people": ["U0CASEY"]}}
    services = {
        "api": {**service, "environments": {"production": place}},
        "web": {
            **service,
            "workloads": [{"deployment": "web", "containers": ["web"]}],
            "environments": {"production": web},
        },
    }
    return Catalogue.model_validate({**CATALOGUE, "services": services})


@pytest.fixture
async def desk(store: PostgresStore, store_pool: Pool, folds: dict[str, Fold], local_slack: LocalSlack) -> Desk:
    return _desk(store, store_pool, folds, local_slack, people=("U0SAM", "U0CASEY"))


def _desk(
    store: PostgresStore,
    pool: Pool,
    folds: dict[str, Fold],
    slack: LocalSlack,
    *,
    people: tuple[str, ...],
    ids: Mapping[str, str] = PEOPLE,
) -> Desk:
    world = World(store)
    world.catalogue = catalogue(slack, channels=(slack.channels["general"],), people=people)
    sent = MessageLog(pool, now=lambda: world.now)
    step = NotifyStakeholders(Posts(sent), world.source, people=ids)
    world.steps[step.uses] = step
    world.use(PostgresStore(pool, folds, now=lambda: world.now))
    known = {uses: step.params for uses, step in world.steps.items()}
    world.shelf.documents["deploy"] = parse(DOCUMENT, path="deploy.md", known=known)
    client = web_client(token=slack.bot_token, api_url=slack.api_url)
    client.timeout = 2
    rooms = IncidentRooms(sent, SlackChannels(client), world.members)
    deliveries = Deliveries(world.store, sent, Poster(client), world.catalogue, lambda: world.now, rooms)
    return Desk(world, slack, deliveries)


async def test_channels_and_people_are_told_what_comes_and_when(desk: Desk) -> None:
    run_id = await desk.world.deploys()
    await desk.goes()

    [general] = await desk.slack.person("olive").messages("general")
    [sam], [casey] = await desk.to("sam"), await desk.to("casey")
    assert "api v2 `2222222` goes to production soon: as soon as it has 1 approval of @sre." in general.shown
    assert f"{run_id} · asked by <@URILEY>" in general.shown
    assert general.shown == sam.shown == casey.shown
    run = await desk.world.run(run_id)
    told = run.steps["told"].outcome
    assert isinstance(told, Done)
    assert told.line == "told 1 channel and 2 people"
    assert run.waits_for_approval


@pytest.mark.parametrize("kind", [Kind.LOST_ANSWER, Kind.RATE_LIMITED])
async def test_nobody_is_told_twice_when_an_answer_is_lost(desk: Desk, kind: Kind) -> None:
    desk.slack.proxy.inject(Fault("chat.postMessage", kind, match=lambda a: str(a.get("channel")).startswith("D")))
    await desk.world.deploys()
    await desk.goes(10)

    assert [len(await desk.to(person)) for person in ("sam", "casey")] == [1, 1]


async def test_a_channel_without_the_bot_is_named_and_nothing_is_changed(desk: Desk) -> None:
    general = desk.slack.channels["general"]
    refused = Fault(
        "chat.postMessage", Kind.ERROR, error="not_in_channel", match=lambda a: a.get("channel") == general, times=99
    )
    desk.slack.proxy.inject(refused)
    run_id = await desk.world.deploys()
    await desk.goes()

    run = await desk.world.run(run_id)
    told = run.steps["told"].outcome
    assert isinstance(told, Failed)
    assert told.reason.startswith(f"Not told: {general} (Opsbot is not in it). Mend that, or correct `stakeholders`")
    assert (run.status, run.changed) == (Status.FAILED, False)
    assert len(await desk.to("sam")) == 1


async def test_a_person_that_there_is_not_is_named(
    store: PostgresStore, store_pool: Pool, folds: dict[str, Fold], local_slack: LocalSlack
) -> None:
    desk = _desk(store, store_pool, folds, local_slack, people=("U0SAM", "U0NOBODY"))
    unknown = Fault(
        "conversations.open",
        Kind.ERROR,
        error="user_not_found",
        match=lambda a: a.get("users") == "U0NOBODY",
        times=99,
    )
    local_slack.proxy.inject(unknown)
    run_id = await desk.world.deploys()
    await desk.goes()

    told = (await desk.world.run(run_id)).steps["told"].outcome
    assert isinstance(told, Failed)
    assert told.reason.startswith("Not told: U0NOBODY (there is no such person).")


async def test_an_author_of_what_comes_is_told_too(
    store: PostgresStore, store_pool: Pool, folds: dict[str, Fold], local_slack: LocalSlack
) -> None:
    desk = _desk(store, store_pool, folds, local_slack, people=("U0SAM",))
    await desk.world.adopted("v1")
    run_id = await desk.world.deploys()
    await desk.goes()

    [sam], [casey] = await desk.to("sam"), await desk.to("casey")
    assert sam.shown == casey.shown
    told = (await desk.world.run(run_id)).steps["told"].outcome
    assert isinstance(told, Done)
    assert told.line == "told 1 channel, 1 person and 1 author; not told, no Slack id: Ada Beispiel"
    card = next(m for m in await desk.slack.person("riley").messages("deploys") if "Plan" in m.shown)
    assert "not told, no Slack id: Ada Beispiel" in card.shown


async def test_hundreds_of_authors_of_one_run_keep_no_stakeholder_of_another_waiting(
    store: PostgresStore,
    store_pool: Pool,
    folds: dict[str, Fold],
    local_slack: LocalSlack,
) -> None:
    many = {f"{n}@api.example": f"U0MANY{n}" for n in range(200)}
    desk = _desk(store, store_pool, folds, local_slack, people=("U0SAM",), ids=many)
    world = desk.world

    def seconds() -> float:
        return world.now.timestamp()

    client = web_client(token=local_slack.bot_token, api_url=local_slack.api_url, gate=Gate(OwnBooks(seconds)))
    desk = replace(desk, deliveries=replace(desk.deliveries, slack=Poster(client)))

    world.source.writers = tuple(Author(f"Author {email}", email) for email in many)
    await world.adopted("v1")
    first = await world.deploys()
    await desk.goes(10)
    second = str((await world.hears(asks.Deploy("web", "v2"))).facts["run"])
    await desk.goes(10)

    told = (await world.run(second)).steps["told"].outcome
    assert isinstance(told, Done)
    assert told.line == "told 1 person"
    await desk.goes(50)
    told = (await world.run(first)).steps["told"].outcome
    assert isinstance(told, Done)
    assert re.fullmatch(r"told 1 channel, 1 person and \d\d authors; still to be told: 1\d\d authors", told.line)
    before = len(local_slack.journal.calls("conversations.open"))
    await desk.goes(10)
    assert len(local_slack.journal.calls("conversations.open")) > before, "those left are told too"


async def test_many_are_told_side_by_side_and_a_slow_slack_is_not_overrun(
    store: PostgresStore, store_pool: Pool, folds: dict[str, Fold], local_slack: LocalSlack
) -> None:
    many = tuple(f"U0MANY{n}" for n in range(2 * AT_ONCE))
    desk = _desk(store, store_pool, folds, local_slack, people=many)
    local_slack.proxy.inject(Fault("conversations.open", Kind.DELAY, times=len(many), seconds=60))
    await desk.world.deploys()
    await desk.goes(1)

    assert len(local_slack.journal.calls("conversations.open")) == AT_ONCE
    assert [m for m in await desk.slack.person("olive").messages("general") if "goes to production soon" in m.shown]


async def test_a_message_of_a_conversation_that_slack_no_longer_knows_is_gone(local_slack: LocalSlack) -> None:
    """So it is posted anew, as any message that somebody deleted."""
    poster = Poster(web_client(token=local_slack.bot_token, api_url=local_slack.api_url))
    blocks = [{"type": "divider"}]
    ts = await poster.post(key="before", channel="U0CASEY", text="before", blocks=blocks, thread=None)
    local_slack.reset()
    with pytest.raises(SlackRefused, match="message_not_found"):
        await poster.update(key="before", channel="U0CASEY", ts=ts, text="since", blocks=blocks)


async def test_a_conversation_that_slack_no_longer_knows_is_opened_anew(local_slack: LocalSlack) -> None:
    poster = Poster(web_client(token=local_slack.bot_token, api_url=local_slack.api_url))
    blocks = [{"type": "divider"}]
    await poster.post(key="before", channel="U0CASEY", text="before", blocks=blocks, thread=None)
    local_slack.reset()
    await poster.post(key="since", channel="U0CASEY", text="since", blocks=blocks, thread=None)
    assert len(local_slack.journal.calls("conversations.open")) == 1  # since the reset, which it forgets too
