"""Health checks over HTTP: good rounds in a row, within their time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from aiohttp import web

from bot.adapters.http import HttpxGet
from runbooks.redaction import HIDDEN, Redactor
from runbooks.steps.http_health import HttpHealth
from runbooks.vocabulary import Done, Failed, Pending, PlanningFailed
from tests.steps.places import site, through, turn
from tests.steps.web import answering

QUICK = {"passes": 3, "interval": "1s", "timeout": "20s"}
CANARY = "canary-0f3a-77"


@pytest.fixture
async def get() -> AsyncIterator[HttpxGet]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield HttpxGet(client)


@pytest.fixture
def step(get: HttpxGet) -> HttpHealth:
    return HttpHealth(get, Redactor([CANARY]))


async def test_it_is_done_after_enough_good_rounds_in_a_row(step: HttpHealth) -> None:
    asked: list[str] = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=204)

    async with answering(answer) as url:
        place = site(environment={"url": url + "/", "health": QUICK})
        answers = await through(step, await turn(step, {}, place))
    assert [a.line for a in answers if isinstance(a, Pending)] == ["ready 1 of 3", "ready 2 of 3"]
    assert isinstance(answers[-1], Done)
    assert answers[-1].line == "/health/live, /health/ready · 3 of 3"
    assert sorted(asked) == ["/health/live"] * 3 + ["/health/ready"] * 3


@pytest.mark.parametrize(("late", "then"), [(0.0, 2.0), (0.2, 2.0), (0.6, 2.6)])
async def test_being_woken_a_little_late_does_not_add_up(step: HttpHealth, late: float, then: float) -> None:
    async with answering(lambda _: web.Response()) as url:
        first = await turn(step, {}, site(environment={"url": url, "health": QUICK}))
        began = await step.start(first)
        assert isinstance(began, Pending)
        assert began.check_at == first.now + timedelta(seconds=1)
        second = replace(first, now=began.check_at + timedelta(seconds=late))
        answered = await step.check(second, began.token)
    assert isinstance(answered, Pending)
    assert answered.check_at == first.now + timedelta(seconds=then)


async def test_a_bad_round_starts_the_count_again(step: HttpHealth) -> None:
    statuses = iter([200, 200, 503, 200, 200, 200])
    async with answering(lambda _: web.Response(status=next(statuses))) as url:
        place = site(environment={"url": url, "health": {**QUICK, "paths": ["/health"]}})
        answers = await through(step, await turn(step, {}, place))
    lines = [a.line for a in answers if isinstance(a, Pending)]
    assert lines == ["ready 1 of 3", "ready 2 of 3", "/health answered 503", "ready 1 of 3", "ready 2 of 3"]
    assert isinstance(answers[-1], Done)


async def test_what_stays_bad_says_the_same_and_fails_when_the_time_is_over(step: HttpHealth) -> None:
    def answer(request: web.Request) -> web.Response:
        bad = request.path == "/health/ready"
        return web.Response(status=503 if bad else 200, text=f"no\n  database: {CANARY} is gone")

    async with answering(answer) as url:
        place = site(environment={"url": url, "health": QUICK})
        answers = await through(step, await turn(step, {}, place))
    waits = [a for a in answers if isinstance(a, Pending)]
    assert {(a.line, str(a.token)) for a in waits} == {("/health/ready answered 503", str(waits[0].token))}
    assert len(waits) == 20
    assert isinstance(answers[-1], Failed)
    assert answers[-1].reason == f"/health/ready answered 503 for 20 s: no database: {HIDDEN} is gone"


async def test_a_service_that_comes_and_goes_is_not_healthy(step: HttpHealth) -> None:
    statuses = iter([200, 200, 500] * 10)
    async with answering(lambda _: web.Response(status=next(statuses))) as url:
        place = site(environment={"url": url, "health": {**QUICK, "paths": ["/"]}})
        answers = await through(step, await turn(step, {}, place))
    assert isinstance(answers[-1], Failed)


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_only_2xx_is_good(step: HttpHealth, status: int) -> None:
    async with answering(lambda _: web.Response(status=status, headers={"location": "/elsewhere"})) as url:
        at = await turn(step, {"paths": ["/x"]}, site(environment={"url": url, "health": QUICK}))
        answered = await step.start(at)
    assert isinstance(answered, Pending)
    assert answered.token["passes"] == 0


async def test_no_answer_is_a_failure(step: HttpHealth) -> None:
    async with answering(lambda _: web.Response()) as url:
        pass
    answers = await through(step, await turn(step, {}, site(environment={"url": url, "health": QUICK})))
    assert isinstance(answers[-1], Failed)
    assert answers[-1].reason == "/health/live did not answer (no connection) for 20 s."


async def test_the_documents_own_paths_stand_in_for_the_environments(step: HttpHealth) -> None:
    place = site(environment={"url": "http://127.0.0.1:1", "health": QUICK})
    at = await turn(step, {"paths": ["up"]}, place)
    assert at.step.params["paths"] == ["/up"]
    assert at.step.shows == ("/up · 3 good rounds in a row, within 20 s",)


@pytest.mark.parametrize(
    ("environment", "said"),
    [({}, "gives no `url`"), ({"url": "http://x.example", "health": {"paths": []}}, "gives no health paths")],
)
async def test_what_can_not_be_seen_can_not_be_planned(step: HttpHealth, environment: dict, said: str) -> None:
    with pytest.raises(PlanningFailed) as fault:
        await turn(step, {}, site(environment=environment))
    assert said in fault.value.sentence


async def test_an_endless_or_silent_answer_is_cut_off(get: HttpxGet) -> None:
    """By bytes where it never ends, by time where it never begins."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if b"endless" in line:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)
            await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        endless = await get.get(f"{url}/endless", timedelta(seconds=20))
        silent = await get.get(f"{url}/silent", timedelta(seconds=0.2))
    assert getattr(endless, "body", "") == "x" * 2048
    assert getattr(silent, "reason", "") == "nothing within 0.2 s"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("gopher://x.example", "not an http address"),
        ("http://x.example:port", "not an address"),
        ("http://127.0.0.1:1", "no connection"),
    ],
)
async def test_what_is_no_answer_is_said_in_words(get: HttpxGet, url: str, reason: str) -> None:
    answer = await get.get(url, timedelta(seconds=5))
    assert getattr(answer, "reason", "") == reason
