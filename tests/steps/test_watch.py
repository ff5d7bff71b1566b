"""The look-out after a deploy: it lasts as long as it is to, tolerates what passes, and fails on what stays."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from bot.adapters.http import HttpxGet
from bot.adapters.prometheus import PrometheusMetrics
from runbooks.steps.base import Turn
from runbooks.steps.watch import Watch
from runbooks.vocabulary import Done, Failed, Outcome, Pending
from sandbox.prometheus import PrometheusServer
from tests.steps.kpi_site import from_then, kpi, place
from tests.steps.places import NOW, later, through, turn
from tests.steps.watching import Standing
from tests.steps.web import silent


class Service:
    """A web server whose next answers a test decides; `status` is asked for each, in order."""

    def __init__(self) -> None:
        self.failing = ""  # a path that answers 503
        self.status: Callable[[int], int] = lambda _: 200
        self.url = ""
        self._asked = count(1)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        fails = self.failing and request.split()[1] == self.failing.encode()
        status = 503 if fails else self.status(next(self._asked))
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        await writer.drain()
        writer.close()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = Service()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield found


def watch(client: httpx.AsyncClient, *, seconds: float = 5) -> Watch:
    metrics = PrometheusMetrics(client, {}.__getitem__, seconds=seconds)
    return Watch(HttpxGet(client), metrics, Standing())  # type: ignore[arg-type]  # all that a look asks


@pytest.fixture
async def step() -> AsyncIterator[Watch]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield watch(client)


@pytest.fixture
def prometheus(prometheus_server: PrometheusServer) -> str:
    return prometheus_server.url


async def begun(
    step: Watch, service: Service, source: str | None, *kpis: dict[str, Any], paths: Sequence[str] = ("/health",)
) -> Turn:
    where = place(source, *kpis, url=service.url, health={"paths": list(paths)})
    return replace(await turn(step, {}, where), changed_at=NOW - timedelta(minutes=3))


async def test_it_ends_well_when_its_time_is_over(step: Watch, service: Service, prometheus: str) -> None:
    at = await begun(step, service, prometheus, kpi("vector(0.3)"))
    *waits, last = await through(step, at)

    assert at.step.shows == ("/health, pods, error rate · every 10 s for 1 m · a bad sign counts after 20 s",)
    assert {wait.line for wait in waits if isinstance(wait, Pending)} == {"all well so far, until 10:01 UTC"}
    assert len(waits) == 6
    assert isinstance(last, Done)
    assert last.line == "1 m · 7 looks · error rate 0.3 % (was 0.3 %)"
    assert last.evidence["looks"] == 7


async def test_a_miss_that_passes_is_told_and_no_failure(step: Watch, service: Service) -> None:
    service.status = lambda number: 503 if number in (2, 5) else 200
    *waits, last = await through(step, await begun(step, service, None))

    assert [w.line for w in waits if isinstance(w, Pending)][1] == "/health answered 503"
    assert isinstance(last, Done)
    assert last.line == "1 m · 7 looks, 2 of them with a bad sign that passed"


async def test_a_failing_path_fails_it_once_that_has_lasted(step: Watch, service: Service) -> None:
    service.status = lambda number: 503 if number > 2 else 200
    *waits, last = await through(step, await begun(step, service, None))

    assert len(waits) == 4
    assert isinstance(last, Failed)
    assert last.reason == "/health answered 503, for 20 s. It was seen 40 s into the watch."
    assert last.finding is None  # the document's


async def test_a_kpi_that_breaks_fails_it_as_a_failed_deploy(step: Watch, service: Service, prometheus: str) -> None:
    breaks = NOW + timedelta(seconds=25)
    at = await begun(step, service, prometheus, kpi(from_then(0.3, 4.1, breaks)))
    last = (await through(step, at))[-1]

    assert isinstance(last, Failed)
    assert last.reason == ("Error rate: 4.1 %, was 0.3 % (at most 0.8 %), for 20 s. It was seen 50 s into the watch.")
    assert last.finding == "deploy-failed"
    [found] = last.evidence["kpis"]
    assert found["now"] == 4.1
    changed = (NOW - timedelta(minutes=3)).timestamp()
    assert (found["before"][0], found["before"][-1]) == ((changed - 10, 0.3), (changed, 0.3)), "a window's way"
    assert found["after"][-1][1] == 4.1


async def test_signs_that_take_turns_last_as_one_does(step: Watch, service: Service) -> None:
    a, b = "/health answered 503", "/live answered 503"
    asked: list[str] = []
    at = await begun(step, service, None, paths=("/health", "/live"))
    outcome: Outcome = await step.start(at)
    for seconds, path in ((10, "/health"), (20, "/live"), (30, "/health")):
        assert isinstance(outcome, Pending)
        service.failing = path
        asked.append(outcome.line)
        outcome = await step.check(later(at, seconds), outcome.token)

    assert asked[1:] == [a, b]
    assert isinstance(outcome, Failed)
    assert outcome.reason == f"No look was clean for 20 s: {a}; {b}. It was seen 30 s into the watch."


async def test_it_does_not_end_well_when_most_looks_were_bad(step: Watch, service: Service) -> None:
    service.status = lambda number: 200 if number in (3, 5, 7) else 503
    *_, last = await through(step, await begun(step, service, None))

    assert isinstance(last, Failed)
    assert last.reason == "4 of 7 looks were bad: /health answered 503. It was seen 1 m into the watch."
    assert last.finding is None


async def test_a_kpi_that_was_bad_at_most_looks_is_a_failed_deploy(
    step: Watch, service: Service, prometheus: str
) -> None:
    often = f"vector((time() - {NOW.timestamp()}) % 30 < bool 20)"  # 0 s and 10 s are bad, 20 s is well, ...
    at = await begun(step, service, prometheus, kpi(often, baseline=0))
    last = (await through(step, at))[-1]

    assert isinstance(last, Failed)
    assert last.reason.startswith("6 of 9 looks were bad: error rate: 1 %"), last.reason
    assert last.finding == "deploy-failed"


async def test_it_goes_on_from_what_an_older_release_kept(step: Watch, service: Service) -> None:
    service.status = lambda _: 503
    at = await begun(step, service, None)
    bad = {"/health": {"said": "/health answered 503", "since": NOW.isoformat()}}
    kept = {"looked": later(at, 10).now.isoformat(), "looks": 2, "missed": 2, "bad": bad, "gaps": [], "was": {}}
    failed = await step.check(later(at, 20), kept)
    service.status = lambda _: 200
    well = await step.check(later(at, 60), kept | {"looked": later(at, 50).now.isoformat(), "looks": 6})

    assert isinstance(failed, Failed)
    assert failed.reason == "/health answered 503, for 20 s. It was seen 20 s into the watch."
    assert isinstance(well, Done)


async def test_it_never_ends_on_a_bad_sign(step: Watch, service: Service) -> None:
    service.status = lambda number: 503 if number in (6, 7) else 200
    *waits, last = await through(step, await begun(step, service, None))

    assert len(waits) == 7  # one more than its time
    assert isinstance(last, Done)


def not_known(why: str) -> str:
    return (
        f"Error rate: no value, since {why}, for 20 s. It was seen 20 s into the watch. "
        "What is not known is not well: `opsbot doctor` asks for each KPI, and says how to mend it."
    )


async def test_a_prometheus_that_goes_away_for_good_fails_it(step: Watch, service: Service) -> None:
    at = await begun(step, service, "http://127.0.0.1:1", kpi("vector(1)", baseline=1))
    last = (await through(step, at))[-1]

    assert isinstance(last, Failed)
    assert last.reason == not_known("Prometheus does not answer (no connection)")


async def test_a_prometheus_that_stays_slow_fails_it(service: Service) -> None:
    async with silent() as slow, httpx.AsyncClient(trust_env=False) as client:
        step = watch(client, seconds=0.1)
        last = (await through(step, await begun(step, service, slow, kpi("vector(1)", baseline=1))))[-1]

    assert isinstance(last, Failed)
    assert last.reason == not_known("Prometheus does not answer (nothing within 0.1 s)")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("no_such_metric", "there is no data"),
        ("vector(0) / 0", "its query gives no number (NaN): it divides by zero where nothing is counted"),
        ('label_replace(vector(1), "a", "$1", "b", "(")', "Prometheus refuses its query: invalid regular expression"),
    ],
)
async def test_a_kpi_that_stays_unknown_fails_it(
    step: Watch, service: Service, prometheus: str, query: str, why: str
) -> None:
    last = (await through(step, await begun(step, service, prometheus, kpi(query, baseline=1))))[-1]

    assert isinstance(last, Failed)
    assert last.reason.startswith(f"Error rate: no value, since {why}")
    assert last.reason.endswith(not_known("")[-80:])


async def test_a_kpi_that_is_not_known_for_a_moment_is_told_and_no_failure(
    step: Watch, service: Service, prometheus: str
) -> None:
    start, end = (NOW + timedelta(seconds=seconds) for seconds in (15, 25))
    silence = f"vector(1) and on() (vector(time()) < {start.timestamp()} or vector(time()) > {end.timestamp()})"
    last = (await through(step, await begun(step, service, prometheus, kpi(silence, baseline=1))))[-1]

    assert isinstance(last, Done)
    assert last.line == "1 m · 7 looks, 1 of them with a bad sign that passed · error rate 1 % (baseline 1 %)"


async def test_the_baselines_that_were_read_before_are_not_asked_for_again(
    step: Watch, service: Service, prometheus: str
) -> None:
    at = await begun(step, service, prometheus, kpi(from_then(0.3, 4.1, NOW - timedelta(minutes=9))))
    known = replace(at, evidence={"kpi-baseline": {"kpis": [{"name": "kpi-0", "was": 4}]}})
    first = await step.start(known)

    assert isinstance(first, Pending)
    assert first.token["was"] == {"kpi-0": 4}


async def test_after_a_restart_it_goes_on_to_the_same_end_and_tells_of_the_gap(step: Watch, service: Service) -> None:
    at = await begun(step, service, None)
    first = await step.start(at)
    assert isinstance(first, Pending)
    after = await step.check(later(at, 45), first.token)
    assert isinstance(after, Pending)
    assert (
        after.line
        == "all well so far, until 10:01 UTC · health and pods not looked at between 10:00:00 and 10:00:45 UTC"
    )
    assert after.check_at == NOW + timedelta(seconds=55)
    last = await step.check(later(at, 60), after.token)
    assert isinstance(last, Done)
    assert last.line == "1 m · 3 looks · health and pods not looked at between 10:00:00 and 10:00:45 UTC"
    assert last.evidence["gaps"] == [["2026-11-24T10:00:00+00:00", "2026-11-24T10:00:45+00:00"]]


async def test_cut_off_in_its_first_look_it_still_ends_when_it_was_to(step: Watch, service: Service) -> None:
    """The new intent's first look comes late, and carries the first intent's time."""
    at = await begun(step, service, None)
    late = await step.start(later(at, 50))
    assert isinstance(late, Pending)
    assert late.check_at == NOW + timedelta(seconds=60)
    assert "health and pods not looked at between 10:00:00 and 10:00:50 UTC" in late.line


async def test_what_was_bad_before_a_gap_and_after_it_has_lasted(step: Watch, service: Service) -> None:
    service.status = lambda _: 503
    at = await begun(step, service, None)
    first: Outcome = await step.start(at)
    assert isinstance(first, Pending)
    last = await step.check(later(at, 50), first.token)
    assert isinstance(last, Failed)
    assert last.reason == (
        "/health answered 503, for 50 s · health and pods not looked at between 10:00:00 and 10:00:50 UTC. "
        "It was seen 50 s into the watch."
    )


async def test_with_nothing_to_look_at_a_person_looks_on(step: Watch) -> None:
    resolved = await step.resolve(step.params(), place(None))

    assert resolved.uses == "confirm"
    assert resolved.shows == (
        "the catalogue names no health paths and no KPIs that could be asked for, so a person looks on for 1 m",
    )


async def test_without_kpis_it_says_so(step: Watch, service: Service) -> None:
    at = await begun(step, service, None)
    assert at.step.shows[1] == "no KPI can be asked for"


async def test_without_an_address_it_says_so(step: Watch, prometheus: str) -> None:
    resolved = await step.resolve(step.params(), place(prometheus, kpi("vector(1)")))
    assert resolved.shows[1:] == ("no health path can be asked for",)
