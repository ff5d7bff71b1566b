"""People who ask for audit packs and approve them in the local Slack; what the process does goes step by step."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bot.adapters.postgres.messages import MessageLog
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.record import PostgresRecord
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.channels import SlackChannels
from bot.adapters.slack.client import Courier, Poster, web_client
from bot.deliveries import Deliveries
from bot.incident_rooms import IncidentRooms
from bot.packing import Packing
from commands.edge import Edge
from runbooks.catalogue import Approval
from runbooks.engine.audits import Audits
from runbooks.engine.pack_requests import PackRequests
from runbooks.store import Fold
from runbooks.vocabulary import Actor
from sandbox.slack import LocalSlack, Message, Person
from tests.commands.seat import Seat, edge_of
from tests.engine.world import World

NOVEMBER = "api 2026-11-01 2026-11-30"
DECEMBER = datetime(2026, 12, 3, 9, tzinfo=UTC)


@dataclass
class Desk:
    """Riley at a seat; `works` does what the process would do by itself."""

    seat: Seat
    slack: LocalSlack
    packing: Packing
    deliveries: Deliveries

    @property
    def world(self) -> World:
        return self.seat.world

    @property
    def riley(self) -> Person:
        return self.seat.person

    def actor(self, name: str) -> Actor:
        return Actor(f"{self.slack.workspace.team_id}/{self.slack.users[name]}")

    async def works(self) -> None:
        """Hand over what is due, then make Slack equal; twice, since either may call for the other."""
        for _ in range(2):
            await self.packs()
            while (lease := await self.world.store.claim(["messages"])) is not None:
                await self.world.store.finish(lease, await self.deliveries.deliver(lease))
            self.world.later(seconds=2)

    async def packs(self) -> None:
        """Hand over what is due, and nothing else."""
        while (lease := await self.world.store.claim(["audit"])) is not None:
            await self.world.store.finish(lease, await self.packing.advance(lease))

    async def direct(self, name: str = "riley") -> list[Message]:
        """What stands in the conversation between Opsbot and somebody."""
        client = web_client(token=self.slack.bot_token, api_url=self.slack.api_url)
        opened = await client.conversations_open(users=self.slack.users[name])
        return await self.slack.person(name).messages(str(opened["channel"]["id"]))

    async def pack(self) -> tuple[Message, bytes]:
        """The one pack that came, with its message."""
        (message,) = [message for message in await self.direct() if message.files]
        return message, await content(message)

    async def recorded(self, stream: str = "audit/api") -> list[dict[str, Any]]:
        return [json.loads(each.data) for each in await self.world.store.history(stream)]

    async def kinds(self, stream: str = "audit/api") -> list[str]:
        return [event["kind"] for event in await self.recorded(stream)]


async def content(message: Message) -> bytes:
    """The first file of a message."""
    async with aiohttp.ClientSession() as session, session.get(message.files[0]["permalink"]) as answer:
        return await answer.read()


def desk_of(pool: Pool, folds: Mapping[str, Fold], slack: LocalSlack, *, approval: Approval | None = None) -> Desk:
    """A desk in December: Riley may ask, Alex and Sam may approve where `approval` names @sre."""
    world = World(PostgresStore(pool, folds))
    world.now = DECEMBER
    service = world.catalogue.services["api"].model_copy(update={"audit_approval": approval})
    world.catalogue = world.catalogue.model_copy(update={"services": {"api": service}})
    world.use(PostgresStore(pool, folds, now=lambda: world.now))
    team, users = slack.workspace.team_id, slack.users
    world.members.groups = {
        "developers": {Actor(f"{team}/{users['riley']}")},
        "sre": {Actor(f"{team}/{users[name]}") for name in ("alex", "sam")},
    }
    client, sent = web_client(token=slack.bot_token, api_url=slack.api_url), MessageLog(pool, now=lambda: world.now)
    rooms = IncidentRooms(sent, SlackChannels(client), world.members)
    deliveries = Deliveries(world.store, sent, Poster(client), world.catalogue, lambda: world.now, rooms)
    packing = Packing(requests_of(world, pool), Courier(client))
    return Desk(Seat(world, slack.person("riley")), slack, packing, deliveries)


def requests_of(world: World, pool: Pool) -> PackRequests:
    """Where the world's requests for packs come in."""
    audits = Audits(world.store, world.catalogue, PostgresRecord(pool), lambda: world.now)
    return PackRequests(audits, world.members)


def with_packs(world: World, pool: Pool) -> Edge:
    """The world's edge, which takes them."""
    return replace(edge_of(world), packs=requests_of(world, pool))
