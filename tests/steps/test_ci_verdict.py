"""The commit's verdict, asked over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import ValidationError

from bot.adapters.http import HttpxVerdicts
from runbooks.catalogue import Ci
from runbooks.redaction import HIDDEN, Redactor
from runbooks.steps.ci_verdict import CiVerdict
from runbooks.steps.lkg_update import all_tests_passed
from runbooks.vocabulary import Done, Failed, Outcome, Pending, PlanningFailed
from tests.steps.places import site, through, turn
from tests.steps.web import Answers, answering

TOKEN = "made-up-token-77"  # made up
COMMIT = site().commit


@pytest.fixture
async def step() -> AsyncIterator[CiVerdict]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield CiVerdict(HttpxVerdicts(client, {"CI_TOKEN": TOKEN}.__getitem__), Redactor([TOKEN]))


async def asked(step: CiVerdict, answer: Answers, **ci: Any) -> list[Outcome]:
    """All that it answers, to its end."""
    async with answering(answer) as url:
        settings = {"url": f"{url}/commits/{{commit}}/status", "interval": "1s", "timeout": "3s", **ci}
        return await through(step, await turn(step, {}, site(service={"ci": settings})))


def saying(**answer: Any) -> Answers:
    return lambda _: web.json_response(answer)


async def test_a_commit_that_passed(step: CiVerdict) -> None:
    seen: list[web.Request] = []

    def answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response({"state": "success"})

    (outcome,) = await asked(step, answer, token="CI_TOKEN")  # the name of a variable

    assert isinstance(outcome, Done)
    assert outcome.line == "CI says success of a8005c2"
    assert all_tests_passed({"tests": outcome.evidence})
    assert [request.path for request in seen] == [f"/commits/{COMMIT}/status"]
    assert seen[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_commit_that_failed(step: CiVerdict) -> None:
    (outcome,) = await asked(step, saying(state="failure"))

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("CI did not pass a8005c2: state is failure, not success. See http://")
    assert not all_tests_passed({"tests": outcome.evidence})


async def test_a_verdict_that_is_still_to_come_is_waited_for(step: CiVerdict) -> None:
    states = iter(["pending", "queued", "success"])
    *waits, last = await asked(step, lambda _: web.json_response({"state": next(states)}))

    assert [each.line for each in waits if isinstance(each, Pending)] == [
        "CI says pending still",
        "CI says queued still",
    ]
    assert last.kind == "done"


async def test_a_verdict_that_does_not_come_in_time_is_none(step: CiVerdict) -> None:
    *waits, last = await asked(step, saying(state="pending"))

    assert len(waits) == 3
    assert isinstance(last, Failed)
    assert last.reason == "There was no verdict on a8005c2 within 3 s: CI says pending still."


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (saying(verdict="success"), "its answer has no field state"),
        (lambda _: web.Response(text="<html>"), "its answer has no field state: <html>"),
        (saying(state="great"), "state is great, not success"),
        (saying(state=True), "state is True, not success"),
        (lambda _: web.Response(status=401, text=f"bad {TOKEN}"), f"CI answered 401: bad {HIDDEN}"),
        (lambda _: web.Response(status=302, headers={"location": "/login"}), "CI answered 302"),
    ],
)
async def test_what_is_no_verdict_fails_at_once(step: CiVerdict, answer: Answers, reason: str) -> None:
    (outcome,) = await asked(step, answer)

    assert isinstance(outcome, Failed)
    assert f": {reason}" in outcome.reason


@pytest.mark.parametrize(
    ("status", "line"),
    [(404, "CI does not know the commit yet (404)"), (429, "CI answered 429"), (503, "CI answered 503")],
)
async def test_what_may_pass_is_waited_for(step: CiVerdict, status: int, line: str) -> None:
    first, *_, last = await asked(step, lambda _: web.Response(status=status))

    assert isinstance(first, Pending)
    assert first.line == line
    assert isinstance(last, Failed)


async def test_a_nested_field(step: CiVerdict) -> None:
    runs = {"check_runs": [{"conclusion": "neutral"}, {"conclusion": "green"}]}
    (outcome,) = await asked(step, saying(**runs), field="check_runs.1.conclusion", passes="green")

    assert outcome.kind == "done"


async def test_a_field_that_is_empty_is_waited_for(step: CiVerdict) -> None:
    first, *_ = await asked(step, saying(state=None))

    assert isinstance(first, Pending)
    assert first.line == "CI says nothing still"


async def test_without_an_address_nothing_is_planned(step: CiVerdict) -> None:
    with pytest.raises(PlanningFailed, match="add `ci:`"):
        await turn(step, {}, site())


@pytest.mark.parametrize("url", ["https://ci.example/status", "ci.example/{commit}"])
def test_an_address_names_the_commit(url: str) -> None:
    with pytest.raises(ValidationError, match=r"with \{commit\} in it"):
        Ci(url=url)
