"""`opsbot serve`: everything that runs in the process, started in order and ended together."""

import asyncio
import logging
import signal
from collections.abc import Collection, Coroutine
from contextlib import suppress
from dataclasses import replace

from bot.adapters.postgres.inspection import hears
from bot.adapters.postgres.listen import listen as listen_database
from bot.adapters.postgres.preflight import assert_migrated, assert_restricted, wait_until_reachable
from bot.health import Health, WayIn, answering
from bot.lookout import POLL, Bell
from bot.settings import Settings
from bot.slack_app import slack_app
from bot.slack_http import Door
from bot.slack_sockets import Connection
from bot.slack_sockets import listen as listen_slack
from bot.telemetry import logs
from bot.wiring import Services, read_configuration, services
from bot.worker import Handler, Worker
from runbooks.redaction import Redactor

RUN_SLOTS, ROLLBACK_SLOTS, MESSAGE_SLOTS, PACK_SLOTS, RECORD_SLOTS, DRILL_SLOTS = 8, 2, 4, 1, 2, 1
GRACE = 20.0  # seconds that work has to end or to become Pending, once the process is asked to stop
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
    bell = Bell()
    async with services(settings, configuration) as made:
        await _until_stopped(_run(settings, made, bell), bell)
    return 0


async def warn_if_deaf(url: str) -> None:
    """Say so where notifications don't come through, as behind a pooler in transaction mode; the work goes on."""
    if not await hears(url):
        log.warning(
            "the database's notifications do not arrive, as behind a pooler in transaction mode: "
            "work is found by looking once in %g s, not at once",
            POLL,
        )


async def _until_stopped(work: Coroutine[None, None, None], bell: Bell) -> None:
    """Asked to stop, it begins no more and ends what it has begun; asked again, it ends at once."""
    running = asyncio.create_task(work)

    def stop() -> None:
        if bell.closed:
            running.cancel()
        bell.close()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await running
    log.info("stopped")


async def _run(settings: Settings, made: Services, bell: Bell) -> None:
    way_in, listening = _way_in(settings, made)
    health = Health(made.store, made.pool, way_in, made.watching)
    async with answering(settings.health_port, health), asyncio.TaskGroup() as group:
        beside = [
            group.create_task(listen_database(settings.database_url.get_secret_value(), bell.ring)),
            group.create_task(made.records.begin()),
            group.create_task(made.drills.begin()),
            group.create_task(made.clock.keep()),
            group.create_task(listening),
        ]
        working = [group.create_task(worker.run()) for worker in _workers(settings, made, bell)]
        await bell.until_closed()
        log.info("no more is begun; what is under way has %g s to end", GRACE)
        for task in beside:
            task.cancel()
        await ended(working, within=GRACE)


async def ended(working: Collection["asyncio.Task[None]"], *, within: float) -> None:
    """Let this end by itself for so many seconds; what has not by then is cut off, as by a crash."""
    _, late = await asyncio.wait(working, timeout=within)
    for task in late:
        task.cancel()


def _way_in(settings: Settings, made: Services) -> tuple[WayIn, Coroutine[None, None, None]]:
    """By a socket where there is a token for one, else by signed HTTP."""
    app = slack_app(made.slack, made.edge)
    if token := settings.slack_app_token.get_secret_value():
        connection = Connection()
        return connection, listen_slack(app, token, connection)
    door = Door(app, settings.slack_signing_secret.get_secret_value())
    return door, door.listen(settings.slack_port)


def _workers(settings: Settings, made: Services, bell: Bell) -> list[Worker]:
    def worker(kind: str, handler: Handler, slots: int) -> Worker:
        lease = settings.lease_seconds
        return Worker(made.store, [kind], handler, bell, made.clock, lease, slots, watching=made.watching)

    runs = worker("run", replace(made.advance, ending=lambda: bell.closed).advance, RUN_SLOTS)
    return [
        runs,
        replace(runs, slots=ROLLBACK_SLOTS, prefix=ROLLBACKS),
        worker("messages", made.deliveries.deliver, MESSAGE_SLOTS),
        worker("audit", made.packing.advance, PACK_SLOTS),
        worker("record", made.records.keep, RECORD_SLOTS),
        worker("drill", made.drills.keep, DRILL_SLOTS),
    ]
