"""`opsbot serve`: everything that runs in the process, started in order and ended together."""

import asyncio
import logging
import signal
from dataclasses import replace

from bot.adapters.postgres.inspection import hears
from bot.adapters.postgres.listen import listen as listen_database
from bot.adapters.postgres.preflight import assert_migrated, assert_restricted, wait_until_reachable
from bot.health import Health, answering
from bot.settings import Settings
from bot.slack_app import Connection, slack_app
from bot.slack_app import listen as listen_slack
from bot.telemetry import logs
from bot.wiring import Services, read_configuration, services
from bot.worker import POLL, Bell, Handler, Worker
from runbooks.redaction import Redactor

RUN_SLOTS, ROLLBACK_SLOTS, MESSAGE_SLOTS, PACK_SLOTS, RECORD_SLOTS = 8, 2, 4, 1, 2
ROLLBACKS = "run/R-"  # they have slots of their own: commands that take long must not keep an emergency waiting
log = logging.getLogger(__name__)


async def serve(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT. Raises what keeps it from starting, each with its sentence."""
    logs.begin(level=settings.log_level, machine=settings.log_format == "json", redactor=Redactor(settings.secrets()))
    configuration = read_configuration(settings)
    url = settings.database_url.get_secret_value()
    await wait_until_reachable(url, deadline=settings.start_seconds)
    await assert_migrated(url)
    await assert_restricted(url)
    await warn_if_deaf(url)
    async with services(settings, configuration) as made:
        await _until_stopped(asyncio.create_task(_run(settings, made)))
    return 0


async def warn_if_deaf(url: str) -> None:
    """Say so where notifications don't come through, as behind a pooler in transaction mode; the work goes on."""
    if not await hears(url):
        log.warning(
            "the database's notifications do not arrive, as behind a pooler in transaction mode: "
            "work is found by looking once in %g s, not at once",
            POLL,
        )


async def _until_stopped(running: "asyncio.Task[None]") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        log.info("stopped")


async def _run(settings: Settings, made: Services) -> None:
    bell = Bell()

    def worker(kind: str, handler: Handler, slots: int) -> Worker:
        lease = settings.lease_seconds
        return Worker(made.store, [kind], handler, bell, made.clock, lease, slots, watching=made.watching)

    runs = worker("run", made.advance.advance, RUN_SLOTS)
    rollbacks = replace(runs, slots=ROLLBACK_SLOTS, prefix=ROLLBACKS)
    messages = worker("messages", made.deliveries.deliver, MESSAGE_SLOTS)
    packs = worker("audit", made.packing.advance, PACK_SLOTS)
    records = worker("record", made.records.keep, RECORD_SLOTS)
    app = slack_app(made.slack, made.edge)
    token = settings.slack_app_token.get_secret_value()
    connection = Connection()
    health = Health(made.store, made.pool, connection, made.watching)
    async with answering(settings.health_port, health), asyncio.TaskGroup() as group:
        group.create_task(listen_database(settings.database_url.get_secret_value(), bell.ring))
        group.create_task(runs.run())
        group.create_task(rollbacks.run())
        group.create_task(messages.run())
        group.create_task(made.records.begin())
        group.create_task(records.run())
        group.create_task(packs.run())
        group.create_task(listen_slack(app, token, connection))
