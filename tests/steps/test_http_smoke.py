"""Smoke tests as declared checks, pinned to the release that was deployed; and which step the catalogue chooses."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiohttp import web

from bot.adapters.http import HttpxGet
from runbooks.redaction import HIDDEN, Redactor
from runbooks.steps.base import Site
from runbooks.steps.http_smoke import HttpSmoke, names
from runbooks.vocabulary import Done, Failed, Pending, PlanningFailed
from tests.steps.places import site, through, turn
from tests.steps.web import answering

QUICK = {"interval": "1s", "timeout": "3s"}
CHECKS = [{"path": "/health/ready", "contains": "ready"}, {"path": "tenants", "status": 401}]
CANARY = "canary-0f3a-78"


@pytest.fixture
async def step() -> AsyncIterator[HttpSmoke]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield HttpSmoke(HttpxGet(client), Redactor([CANARY]))


def place(url: str, *, pinned: bool = True, checks: list[dict[str, Any]] | None = None) -> Site:
    service: dict[str, Any] = {"smoke": CHECKS if checks is None else checks}
    service |= {"version-path": "/version"} if pinned else {}
    return site(environment={"url": url, "health": QUICK}, service=service)


def release(version: str, *, ready: str = "ready", commit: str = "") -> Any:
    def answer(request: web.Request) -> web.Response:
        match request.path:
            case "/version":
                return web.json_response({"version": version, "commit": commit})
            case "/health/ready":
                return web.json_response({"status": ready})
            case _:
                return web.Response(status=401)

    return answer


async def test_the_new_release_answers_every_question(step: HttpSmoke) -> None:
    async with answering(release("v42")) as url:
        first = await turn(step, {}, place(url))
        (outcome,) = await through(step, first)

    assert first.step.shows == ("Smoke: /health/ready, /tenants, /version must name v42",)
    assert outcome == Done(
        "2 of 2 passed · answered by v42", {"checked": ["/health/ready", "/tenants"], "pinned": True}
    )


async def test_the_old_release_fails_after_the_time(step: HttpSmoke) -> None:
    async with answering(release("v41")) as url:
        *waits, last = await through(step, await turn(step, {}, place(url)))

    assert [type(each) for each in waits] == [Pending] * 3
    assert isinstance(last, Failed)
    assert last.reason == (
        '/version does not name v42, so another release answered: {"version": "v41", "commit": ""}. '
        "It was asked for 3 s."
    )


async def test_the_new_release_is_waited_for(step: HttpSmoke) -> None:
    asked: list[str] = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        found: web.Response = release("v42" if len(asked) > 2 else "v41")(request)
        return found

    async with answering(answer) as url:
        *waits, last = await through(step, await turn(step, {}, place(url)))

    assert (len(waits), last.kind) == (2, "done")
    assert asked == [*["/version"] * 3, *sorted(asked[3:5]), "/version"]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("v42", True),
        ("a8005c2", True),
        ("a8005c2" + "0" * 33, True),
        ("v421", False),
        ("v42.1", False),
        ("v42-rc1", False),
        ("dev42", False),
        ("a8005c3", False),
        ("a8005", False),
    ],
)
async def test_a_version_is_a_word_of_its_own(step: HttpSmoke, said: str, named: bool) -> None:
    async with answering(release(said)) as url:
        outcome = await step.start(await turn(step, {}, place(url, checks=[])))

    assert isinstance(outcome, Done) is named, outcome


@pytest.mark.parametrize(
    ("body", "commit", "named"),
    [
        ("a8005c2", "a8005c2", True),
        ("commit a8005c2" + "0" * 33, "a8005c2", True),
        ("a8005c3" + "0" * 33, "a8005c2", False),
        ("a8005c2" + "0" * 33, "", False),
    ],
)
def test_a_short_commit_is_known_by_the_whole_one(body: str, commit: str, *, named: bool) -> None:
    assert names(body, version=commit or "v41", commit=commit) is named


async def test_an_answer_that_is_otherwise_fails_with_what_it_said(step: HttpSmoke) -> None:
    async with answering(release("v42", ready=f"no, {CANARY}")) as url:
        last = (await through(step, await turn(step, {}, place(url))))[-1]

    assert isinstance(last, Failed)
    assert last.reason.startswith("/health/ready does not say “ready”: ")
    assert (HIDDEN in last.reason, CANARY in last.reason) == (True, False)


async def test_another_status_fails(step: HttpSmoke) -> None:
    async with answering(lambda _: web.Response(status=500, text="boom")) as url:
        last = (await through(step, await turn(step, {}, place(url, pinned=False))))[-1]
        pinned = await step.start(await turn(step, {}, place(url)))

    assert isinstance(last, Failed)
    assert last.reason == "/health/ready answered 500, not 200: boom. It was asked for 3 s."
    assert isinstance(pinned, Pending)
    assert pinned.line == "/version answered 500, so which release answers is not known"


async def test_nobody_there(step: HttpSmoke) -> None:
    outcome = await step.start(await turn(step, {}, place("http://127.0.0.1:1")))

    assert isinstance(outcome, Pending)
    assert outcome.line == "/version did not answer (no connection)"


async def test_without_a_version_it_says_that_it_is_not_pinned(step: HttpSmoke) -> None:
    async with answering(release("v41")) as url:
        first = await turn(step, {}, place(url, pinned=False))
        outcome = await step.start(first)

    assert first.step.shows == ("Smoke: /health/ready, /tenants, not pinned to the new pods",)
    assert isinstance(outcome, Done)
    assert outcome.line == "2 of 2 passed · not pinned to the new pods"


async def test_what_is_missing_in_the_catalogue_is_said_when_planning(step: HttpSmoke) -> None:
    with pytest.raises(PlanningFailed, match="gives no `url` for solvereign-api in production"):
        await turn(step, {}, site(service={"smoke": CHECKS}))
    with pytest.raises(PlanningFailed, match="declares no smoke tests for solvereign-api"):
        await turn(step, {}, site(environment={"url": "http://api.example"}))
