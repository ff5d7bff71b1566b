"""The engine's small world, watched: what it commits is counted, and its spans are kept."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.samples import Sample

from bot.adapters.postgres.pool import Pool
from bot.telemetry.traces import Traces
from bot.telemetry.watching import WatchedReception, WatchedStore, Watching
from runbooks.store import Fold
from tests.engine.world import World


@dataclass
class Watched:
    """One replica with its own metrics and its own exporter."""

    world: World
    watching: Watching
    exporter: InMemorySpanExporter

    def value(self, name: str, **labels: str) -> float | None:
        return self.watching.metrics.registry.get_sample_value(name, labels)

    def samples(self, name: str) -> list[Sample]:
        return [s for family in self.watching.metrics.registry.collect() for s in family.samples if s.name == name]

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()


def watched(world: World, pool: Pool, folds: Mapping[str, Fold]) -> Watched:
    """Watch this replica from here on."""
    exporter = InMemorySpanExporter()
    watching = Watching(traces=Traces(SimpleSpanProcessor(exporter), lambda: world.now))
    world.use(WatchedStore(pool, folds, watching, now=lambda: world.now))
    world.engine = replace(world.engine, doing=watching.doing)
    reception: Any = WatchedReception(world.reception, watching)
    world.reception = reception
    return Watched(world, watching, exporter)


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """The address of somebody outside who answers every request so."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
def replica(small_world: World, store_pool: Pool, folds: Mapping[str, Fold]) -> Watched:
    return watched(small_world, store_pool, folds)


@pytest.fixture
def other(small_world: World, store_pool: Pool, folds: Mapping[str, Fold]) -> Watched:
    return watched(small_world.replica(), store_pool, folds)
