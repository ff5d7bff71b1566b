"""The doctor's rounds: reads what is written, opens what it needs, asks all checks, closes everything."""

import asyncio
from contextlib import AsyncExitStack, ExitStack

from bot import embedded
from bot.adapters.postgres.migrate import MigrationRefused
from bot.adapters.postgres.preflight import NotReady
from bot.doctor import configuration, connections
from bot.doctor.asking import ask
from bot.doctor.configuration import Known
from bot.doctor.finding import Finding, Subject
from bot.settings import Settings
from runbooks.catalogue import Catalogue


def examine(loaded: Settings, *, known: Known, within: float) -> list[Finding]:
    """Everything there is to find. Blocks for some seconds.

    `known` are the steps that runbooks may use, `within` are the seconds that each check may take.
    """
    found = configuration.written(loaded, known=known)
    with ExitStack() as stack:
        try:
            usable, own = stack.enter_context(embedded.database(loaded)), []
        except (NotReady, MigrationRefused) as cause:
            usable, own = loaded, [Subject("database", "embedded").wrong(str(cause), "or name a PostgreSQL instead")]
        catalogue = found.file.catalogue if found.file else None
        return [*found.findings, *own, *asyncio.run(_asked(usable, catalogue, within))]


async def _asked(settings: Settings, catalogue: Catalogue | None, within: float) -> list[Finding]:
    async with AsyncExitStack() as stack:
        return await ask(await connections.checks(stack, settings, catalogue), within=within)
