"""The real application before the local Slack, and somebody who types and clicks there and reads what is private."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.adapters.slack.client import web_client
from bot.library import read, shipped
from bot.slack_app import slack_app
from bot.slack_sockets import Connection, listen
from commands.edge import Edge
from sandbox.slack import LocalSlack, Message, Person
from sandbox.slack.sizes import too_large
from sandbox.waiting import until
from tests.bad_input.desk import NothingKnown
from tests.documents.reading import KNOWN
from tests.engine.world import World

BOOKS = read([shipped()], known=KNOWN).documents
CHANNEL = "deploys"


def edge_of(world: World) -> Edge:
    """The world's edge, with the library that ships."""
    return Edge(world.reception, world.store, world.catalogue, NothingKnown(), lambda: world.now, BOOKS)


@asynccontextmanager
async def serving(edge: Edge, slack: LocalSlack) -> AsyncIterator[None]:
    """The application with all its commands, connected."""
    client = web_client(token=slack.bot_token, api_url=slack.api_url)
    connection = Connection()
    task = asyncio.create_task(listen(slack_app(client, edge), slack.app_token, connection))
    try:
        await until(connection.up, what="the socket to Slack")
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@dataclass
class Seat:
    """Somebody before the bot in a channel, and the one private message they look at."""

    world: World
    person: Person
    seen: dict[str, str] = field(default_factory=dict)  # what each message said when it was last looked at

    async def types(self, line: str) -> Message:
        """Type a command; the private answer, once it is there."""
        await self.person.command(CHANNEL, line)
        return await self.answer()

    async def clicks(self, message: Message, label: str) -> Message:
        """Click; what the message became, or what came privately beside it."""
        await self.person.click(message, label)
        return await self.answer()

    async def answer(self) -> Message:
        """The one private message that is new or has changed."""

        async def look() -> list[Message]:
            messages = await self.person.messages(CHANNEL)
            return [m for m in messages if self.seen.get(m.ts) != m.shown]

        found: list[Message] = await until(look, what="an answer")
        assert len(found) == 1
        (message,) = found
        self.seen[message.ts] = message.shown
        assert message.ephemeral_to == self.person.id, "only who asked sees it"
        assert too_large({"blocks": message.blocks}) == ""
        return message
