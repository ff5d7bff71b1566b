"""The engine's small world, its Slack, and the deliveries between them."""

from dataclasses import dataclass
from typing import Any

from bot.adapters.postgres.messages import MessageLog
from bot.adapters.postgres.pool import Pool
from bot.adapters.slack.channels import SlackChannels
from bot.adapters.slack.client import Poster, web_client
from bot.deliveries import Deliveries
from bot.incident_rooms import IncidentRooms
from runbooks.catalogue import Catalogue
from runbooks.vocabulary import Failed
from sandbox.slack import LocalSlack, Message
from tests.engine.world import CATALOGUE, World

KPI = {
    **{"name": "errors", "title": "error rate", "unit": "%", "direction": "lower-is-better", "window": 300},
    **{"now": 4.1, "was": 0.3, "limit": 0.8},
    "before": [[1795510000, 0.3], [1795510300, None], [1795510600, 0.3]],
    "after": [[1795514000, 0.4], [1795514300, 4.1]],
}


@dataclass
class Desk:
    """A world, its Slack, and the deliveries between them."""

    world: World
    slack: LocalSlack
    deliveries: Deliveries

    async def deliver(self) -> None:
        """Everything that is due."""
        while (lease := await self.world.store.claim(["messages"])) is not None:
            await self.world.store.finish(lease, await self.deliveries.deliver(lease))

    async def seen(self, channel: str = "deploys") -> list[Message]:
        return await self.slack.person("riley").messages(channel)


def catalogue(slack: LocalSlack) -> Catalogue:
    service: dict[str, Any] = CATALOGUE["services"]["api"]
    production = service["environments"]["production"]
    channels = {"deploys": slack.channels["deploys"], "s2": slack.channels["incidents"]}
    places = {"production": {**production, "channels": channels}}
    return Catalogue.model_validate({**CATALOGUE, "services": {"api": {**service, "environments": places}}})


def desk_of(world: World, slack: LocalSlack, pool: Pool) -> Desk:
    """The world before this Slack, which is given two seconds to answer."""
    client = web_client(token=slack.bot_token, api_url=slack.api_url)
    client.timeout = 2
    sent = MessageLog(pool, now=lambda: world.now)
    rooms = IncidentRooms(sent, SlackChannels(client), world.members)
    deliveries = Deliveries(world.store, sent, Poster(client), catalogue(slack), lambda: world.now, rooms)
    return Desk(world, slack, deliveries)


def pictured(message: Any) -> bool:
    return any(block.get("type") == "image" for block in message.get("blocks") or [])


async def fails(desk: Desk, **evidence: Any) -> None:
    """A deploy whose new pods crash."""
    run_id = await desk.world.at_the_gate()
    await desk.world.approves(run_id)
    desk.world.outside.answers = [Failed("New pods crash.", evidence)]
    await desk.world.works()
