"""`http.health`: the service's health paths must all answer 2xx, several rounds in a row.

No answer is a failure: unknown is not healthy. A redirect is no answer of the path's own.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol

from runbooks.redaction import Redactor
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.output import one_line, span
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending, PlanningFailed

_PATIENCE = timedelta(seconds=5)  # for one answer
_BODY_SHOWN = 120  # characters


@dataclass(frozen=True)
class Answer:
    """What a server answered; `body` is only its beginning."""

    status: int
    body: str
    millis: int


@dataclass(frozen=True)
class NoAnswer:
    """Nothing came, or nothing that HTTP allows; `reason` completes "did not answer: "."""

    reason: str


class Http(Protocol):
    """Asks a web server."""

    async def get(self, url: str, timeout: timedelta) -> Answer | NoAnswer:
        """One GET; a redirect is answered as it came."""
        ...


class HealthParams(Params):
    """`paths` stands in for the environment's own."""

    paths: tuple[str, ...] | None = None


class HttpHealth(Step):
    """Looks at every path, once per interval, until enough rounds in a row were good or the time is over."""

    uses = "http.health"
    params = HealthParams
    cut = Cut.IDEMPOTENT
    finding = "health-failing"

    def __init__(self, http: Http, redactor: Redactor) -> None:
        self._http = http
        self._redactor = redactor

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """Which addresses, how often, for how long."""
        assert isinstance(params, HealthParams)  # noqa: S101  # validated as such
        health, where = site.environment.health, f"{site.service_name} in {site.environment_name}"
        if not site.environment.url:
            raise PlanningFailed(
                f"The catalogue gives no `url` for {where}, so its health can't be seen. Add where it answers."
            )
        named = health.paths if params.paths is None else params.paths
        paths = [f"/{path.lstrip('/')}" for path in named]
        if not paths:
            raise PlanningFailed(
                f"The catalogue gives no health paths for {where}, so its health can't be seen. Add `health: paths:`."
            )
        return Resolved(
            params={
                "url": site.environment.url.rstrip("/"),
                "paths": paths,
                "passes": health.passes,
                "interval": health.interval.total_seconds(),
                "timeout": health.timeout.total_seconds(),
            },
            shows=(f"{_named(paths)} · {health.passes} good rounds in a row, within {span(health.timeout)}",),
        )

    async def start(self, turn: Turn) -> Outcome:
        """The first round."""
        return await self._round(turn, {"passes": 0, "since": turn.now.isoformat()})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """One round more."""
        return await self._round(turn, token)

    async def _round(self, turn: Turn, token: Json) -> Outcome:
        wanted, paths = turn.step.params, turn.step.params["paths"]
        answers = await asyncio.gather(*(self._http.get(wanted["url"] + path, _PATIENCE) for path in paths))
        bad = next(((path, answer) for path, answer in zip(paths, answers, strict=True) if not is_good(answer)), None)
        return self._failing(turn, token, *bad) if bad else _passed(turn, token, answers)

    def _failing(self, turn: Turn, token: Json, path: str, answer: Answer | NoAnswer) -> Outcome:
        told, body = said(path, answer), self._body(answer)
        failing = token["failing"] if token.get("said") == told else turn.now.isoformat()
        evidence = {"path": path, "said": told, "body": body, "passes": token["passes"]}
        if _over(turn, token):
            lasted = turn.now - datetime.fromisoformat(failing)
            return Failed(f"{told} for {span(lasted)}" + (f": {body}" if body else "."), evidence)
        return _again(turn, told, {"passes": 0, "since": token["since"], "said": told, "failing": failing})

    def _body(self, answer: Answer | NoAnswer) -> str:
        return one_line(self._redactor.text(answer.body), _BODY_SHOWN) if isinstance(answer, Answer) else ""


def _passed(turn: Turn, token: Json, answers: Sequence[Any]) -> Outcome:
    passes, wanted = token["passes"] + 1, turn.step.params["passes"]
    paths = turn.step.params["paths"]
    if passes >= wanted:
        slowest = max(answer.millis for answer in answers)
        return Done(
            f"{_named(paths)} · {passes} of {wanted}", {"paths": paths, "passes": passes, "slowest_ms": slowest}
        )
    if _over(turn, token):
        return Failed(
            f"Only {passes} of {wanted} rounds in a row were good within {span(_timeout(turn))}.", {"passes": passes}
        )
    due = _in_time(turn, token) + _interval(turn)
    kept = {"passes": passes, "since": token["since"], "due": due.isoformat()}
    return Pending(due, f"ready {passes} of {wanted}", kept)


def _in_time(turn: Turn, token: Json) -> datetime:
    """When this round was due: being woken a little late does not add up from round to round."""
    due = datetime.fromisoformat(token["due"]) if "due" in token else turn.now
    return due if due <= turn.now < due + _interval(turn) / 2 else turn.now


def _again(turn: Turn, line: str, token: Json) -> Pending:
    return Pending(turn.now + _interval(turn), line, token)


def _interval(turn: Turn) -> timedelta:
    return timedelta(seconds=turn.step.params["interval"])


def _over(turn: Turn, token: Json) -> bool:
    return turn.now - datetime.fromisoformat(token["since"]) >= _timeout(turn)


def _timeout(turn: Turn) -> timedelta:
    return timedelta(seconds=turn.step.params["timeout"])


def is_good(answer: Answer | NoAnswer) -> bool:
    """Whether the path answered 2xx."""
    return isinstance(answer, Answer) and HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def said(path: str, answer: Answer | NoAnswer) -> str:
    """What became of asking a path, as a clause."""
    match answer:
        case Answer(status=status):
            return f"{path} answered {status}"
        case NoAnswer(reason=reason):
            return f"{path} did not answer ({reason})"


def _named(paths: Sequence[str]) -> str:
    return ", ".join(paths)
