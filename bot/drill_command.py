"""`opsbot drill SERVICE ENVIRONMENT [VERSION]`: ask the running bot for a drill, by its database."""

import uuid

from bot.settings import Settings
from bot.wiring import read_configuration, services
from commands.replies import sentence
from runbooks.engine import asks
from runbooks.vocabulary import OPSBOT


class NotBegun(Exception):
    """It did not begin; the sentence says why, and what to do."""


async def drill(settings: Settings, service: str, environment: str, *, version: str = "") -> str:
    """Begin one; answers sentences: its run, what it waits for, where its card is.

    Raises NotBegun, and what the settings, the catalogue and the store lack.
    """
    configuration = read_configuration(settings)
    async with services(settings, configuration) as made:
        ask = asks.Drill(service, environment, version)
        reply = await made.edge.reception.handle(ask, by=OPSBOT, key=f"command-line/{uuid.uuid4()}")
    if reply.refused:
        raise NotBegun(_plain(sentence(reply)))
    place = configuration.catalogue.place(service, environment)
    channel = f" Its card is in the channel {place.channels.deploys}." if place else ""
    return f"{_plain(sentence(reply))}{channel} `opsbot serve` does it."


def _plain(said: str) -> str:
    """Without Slack's escapes: it is read in a terminal."""
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
