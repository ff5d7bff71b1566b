"""The composition root: every adapter made once, in one stack, handed on as one frozen value."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot import catalogue_file, library
from bot.adapters.postgres.budgets import SharedBudgets
from bot.adapters.postgres.clock import SharedClock
from bot.adapters.postgres.messages import MessageLog
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.record import PostgresRecord, reading
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.slack.channels import SlackChannels
from bot.adapters.slack.client import Courier, Poster, web_client
from bot.adapters.slack.gate import Gate
from bot.adapters.slack.members import SlackMembers
from bot.configuration import Configuration
from bot.deliveries import Deliveries
from bot.drilling import DrillKeeper
from bot.incident_rooms import IncidentRooms
from bot.kinds import known
from bot.outside import Outside, opened
from bot.packing import Packing
from bot.posts import Posts
from bot.record import RecordKeeper
from bot.rollback_preview import RollbackPreview
from bot.settings import Settings
from bot.steps import made
from bot.telemetry.traces import exporting
from bot.telemetry.watching import WatchedPacks, WatchedReception, WatchedStore, Watching
from commands.edge import Edge
from runbooks.engine.advance import Advance
from runbooks.engine.audits import Audits
from runbooks.engine.drills import DrillBook
from runbooks.engine.handle import Reception
from runbooks.engine.planning import Planner
from runbooks.folds import folds
from runbooks.redaction import Redactor
from runbooks.steps.kubernetes.suspecting import Suspecting

AT_ONCE = 16  # requests: ten a second, where the database takes half a second for each of their round trips


@dataclass(frozen=True)
class Services:
    """Everything that the process and its commands work with."""

    store: PostgresStore
    pool: Pool
    watching: Watching
    outside: Outside
    slack: AsyncWebClient
    edge: Edge
    advance: Advance
    deliveries: Deliveries
    records: RecordKeeper
    packing: Packing
    drills: DrillKeeper
    clock: SharedClock


def read_configuration(settings: Settings) -> Configuration:
    """Read and check. Raises DocumentError (file:line) and SettingsError; nothing was started."""
    file = catalogue_file.load(settings.catalogue)
    books = library.read([library.shipped(), *file.folders], known=known())
    file.check(books)
    settings.need_named(file.variables)
    return Configuration(file.catalogue, books)


@asynccontextmanager
async def services(settings: Settings, configuration: Configuration) -> AsyncIterator[Services]:
    """All of it, closed at the end in the opposite order."""
    async with AsyncExitStack() as stack:
        headers = settings.otlp_headers.get_secret_value()
        watching = Watching(traces=await stack.enter_async_context(exporting(settings.otlp_endpoint, headers)))
        failed = watching.metrics.database_errors.inc
        url = settings.database_url.get_secret_value()
        pool = await stack.enter_async_context(Pool(url, failed=failed))
        people = Pool(url, size=AT_ONCE, ready=AT_ONCE, failed=failed)  # they never wait for what the bot does itself
        outside = await opened(stack, settings, configuration.catalogue)
        clock = await SharedClock.of(pool)
        store = WatchedStore(pool, folds(), watching, here=clock, lease_seconds=settings.lease_seconds)
        asked = WatchedStore(await stack.enter_async_context(people), folds(), watching, here=clock)
        record = PostgresRecord(await stack.enter_async_context(reading(url)))
        sent = MessageLog(pool)
        slack = web_client(
            token=settings.slack_bot_token.get_secret_value(),
            api_url=settings.slack_api_url,
            rate_limited=watching.rate_limited,
            gate=Gate(shared=SharedBudgets(pool)),
        )
        members = SlackMembers(client=slack, catalogue=configuration.catalogue)
        redactor = Redactor(settings.secrets())
        steps = made(
            outside,
            store,
            Posts(sent),
            redactor,
            configuration=configuration,
            clock=clock,
        )
        planner = Planner(configuration.catalogue, configuration.library, steps, outside.source)
        packs = WatchedPacks(Audits(asked, configuration.catalogue, record, clock), members, watching)
        way_back = RollbackPreview(outside.workloads, outside.databases)
        reception = WatchedReception(
            Reception(asked, configuration.catalogue, members, clock, configuration.library, redactor),
            watching,
        )
        yield Services(
            store=store,
            pool=pool,
            watching=watching,
            outside=outside,
            slack=slack,
            edge=Edge(
                reception,
                asked,
                configuration.catalogue,
                way_back,
                clock,
                configuration.library.documents,
                packs,
                revisions=outside.source,
            ),
            advance=Advance(
                store,
                planner,
                members,
                redactor,
                clock,
                watching.doing,
                suspecting=Suspecting(outside.workloads, redactor).named,
            ),
            deliveries=Deliveries(
                store,
                sent,
                Poster(slack),
                configuration.catalogue,
                clock,
                IncidentRooms(sent, SlackChannels(slack), members),
            ),
            records=RecordKeeper(store, configuration.catalogue, outside.records, outside.workloads, clock),
            packing=Packing(packs, Courier(slack)),
            drills=DrillKeeper(DrillBook(store, configuration.catalogue, clock), reception),
            clock=clock,
        )
