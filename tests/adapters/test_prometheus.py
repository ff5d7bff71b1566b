"""Prometheus by its range queries: what it answers, what it refuses, and when it does not answer at all."""

import asyncio
import math
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiohttp import web

from bot.adapters.prometheus import PrometheusMetrics
from runbooks.steps.kpis import Moments, NoPrometheus, QueryRefused
from runbooks.vocabulary import Unreachable
from sandbox.prometheus import PrometheusServer

END = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MINUTE = Moments(END - timedelta(minutes=1), END, timedelta(seconds=20))


@pytest.fixture
async def metrics() -> AsyncIterator[PrometheusMetrics]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield PrometheusMetrics(client, {}.__getitem__, seconds=5)


@asynccontextmanager
async def answering(status: int, text: str, *, seen: list[web.Request] | None = None) -> AsyncIterator[str]:
    """Something that answers every request so; its address."""

    async def handle(request: web.Request) -> web.Response:
        if seen is not None:
            seen.append(request)
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_query_is_evaluated_at_each_moment(
    metrics: PrometheusMetrics, prometheus_server: PrometheusServer
) -> None:
    (series,) = await metrics.range(prometheus_server.url, "vector(time())", MINUTE)

    moments = [END.timestamp() - seconds for seconds in (60, 40, 20, 0)]
    assert series.points == tuple((at, at) for at in moments)


async def test_several_series_none_and_what_is_no_number(
    metrics: PrometheusMetrics, prometheus_server: PrometheusServer
) -> None:
    two = 'vector(1) or label_replace(vector(2), "pod", "b", "", "")'
    assert len(await metrics.range(prometheus_server.url, two, MINUTE)) == 2
    assert await metrics.range(prometheus_server.url, "no_such_metric", MINUTE) == ()
    (nothing,) = await metrics.range(prometheus_server.url, "vector(0) / 0", MINUTE)
    assert math.isnan(nothing.points[-1][1])
    (infinite,) = await metrics.range(prometheus_server.url, "vector(1) / 0", MINUTE)
    assert math.isinf(infinite.points[-1][1])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sum(rate(http_requests_total[1m])", "unclosed left parenthesis"),
        ("rate(vector(1))", "expected type range vector"),
        ("", "no expression found in input"),
    ],
)
async def test_a_wrong_query_is_refused_in_its_own_words(
    metrics: PrometheusMetrics, prometheus_server: PrometheusServer, query: str, said: str
) -> None:
    with pytest.raises(QueryRefused, match=said):
        await metrics.range(prometheus_server.url, query, MINUTE)


async def test_one_that_is_away_does_not_answer(metrics: PrometheusMetrics) -> None:
    with pytest.raises(Unreachable, match="Prometheus did not answer: no connection"):
        await metrics.range("http://127.0.0.1:1", "vector(1)", MINUTE)


async def test_a_slow_one_does_not_answer() -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, httpx.AsyncClient(trust_env=False) as client:
        slow = PrometheusMetrics(client, {}.__getitem__, seconds=0.2)
        with pytest.raises(Unreachable, match=r"Prometheus did not answer: nothing within 0\.2 s"):
            await slow.range(url, "vector(1)", MINUTE)
        await gone.wait()


TIMED_OUT = '{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}'


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (503, TIMED_OUT, "query timed out in expression evaluation"),
        (502, "<html>bad gateway</html>", "HTTP 502"),
        (429, "slow down", "HTTP 429"),
    ],
)
async def test_what_may_pass_is_no_refusal(metrics: PrometheusMetrics, status: int, text: str, said: str) -> None:
    async with answering(status, text) as place:
        with pytest.raises(Unreachable, match=said):
            await metrics.range(f"http://{place}", "vector(1)", MINUTE)


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (200, "<html>welcome</html>", r"leads to no Prometheus, or to one that lets nobody in \(HTTP 200\)"),
        (401, "who are you", r"or to one that lets nobody in \(HTTP 401\)"),
        (200, "[]", r"leads to no Prometheus"),
        (200, '{"status":"success"}', "leads to no Prometheus"),
        (200, '{"status":"success","data":{"result":[{"values":[["then","much"]]}]}}', "answers otherwise"),
        (200, '{"status":"success","data":{"result":7}}', "answers otherwise"),
    ],
)
async def test_what_is_no_prometheus_is_told(metrics: PrometheusMetrics, status: int, text: str, said: str) -> None:
    async with answering(status, text) as place:
        with pytest.raises(NoPrometheus, match=said):
            await metrics.range(f"http://{place}", "vector(1)", MINUTE)


@pytest.mark.parametrize("value", ["prometheus.example", "ftp://prometheus.example", "http://\x01", ""])
async def test_a_variable_that_holds_no_address(value: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        metrics = PrometheusMetrics(client, {"SOME_PROMETHEUS_URL": value}.__getitem__)
        with pytest.raises(NoPrometheus, match="`prometheus` names no address"):
            await metrics.range("SOME_PROMETHEUS_URL", "vector(1)", MINUTE)


HISTOGRAMS = '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[[1,{}]]}]}}'


@pytest.mark.parametrize(("text", "said"), [(HISTOGRAMS, "no numbers"), ("x" * (2 << 20), "its answer is over 1 MB")])
async def test_an_answer_that_is_no_number_is_refused(metrics: PrometheusMetrics, text: str, said: str) -> None:
    async with answering(200, text) as place:
        with pytest.raises(QueryRefused, match=said):
            await metrics.range(f"http://{place}", "vector(1)", MINUTE)


async def test_a_variable_may_hold_an_address_with_a_password() -> None:
    seen: list[web.Request] = []
    empty = '{"status":"success","data":{"resultType":"matrix","result":[]}}'
    async with answering(200, empty, seen=seen) as place, httpx.AsyncClient(trust_env=False) as client:
        named = {"SOME_PROMETHEUS_URL": f"http://reader:made-up@{place}/behind/a/path/"}
        assert await PrometheusMetrics(client, named.__getitem__).range("SOME_PROMETHEUS_URL", "x", MINUTE) == ()
    assert seen[0].path == "/behind/a/path/api/v1/query_range"
    assert seen[0].headers["authorization"] == f"Basic {b64encode(b'reader:made-up').decode()}"
