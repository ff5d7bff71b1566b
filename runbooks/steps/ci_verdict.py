"""`ci.verdict`: asks CI over HTTP what it found of the commit, and waits a bounded time for a verdict.

No answer, no field, or a word that nobody declared is no verdict: unknown is not passed.
"""

import json
from datetime import datetime, timedelta
from typing import Any, Protocol

from runbooks.catalogue import Ci
from runbooks.redaction import Redactor
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.http_health import Answer, NoAnswer
from runbooks.steps.output import one_line, span
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending, PlanningFailed

_PATIENCE = timedelta(seconds=10)  # for one answer
_SHOWN = 120  # characters
_OK, _UNKNOWN, _TOO_MANY, _SERVER = 200, (404, 422), 429, 500


class Verdicts(Protocol):
    """Asks a CI for JSON."""

    async def ask(self, url: str, *, token: str | None, timeout: timedelta) -> Answer | NoAnswer:
        """One GET, with the value of the variable `token` as a bearer token; a redirect is answered as it came."""
        ...


class CiVerdict(Step):
    """Asks until there is a verdict, or the time is over."""

    uses = "ci.verdict"
    cut = Cut.IDEMPOTENT

    def __init__(self, verdicts: Verdicts, redactor: Redactor) -> None:
        self._verdicts = verdicts
        self._redactor = redactor

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Where to ask, and what counts."""
        ci = _ci(site)
        planned: Json = {
            "url": ci.of(site.commit),
            "field": ci.field,
            "passes": ci.passes,
            "pending": list(ci.pending),
            "token": ci.token,
            "interval": ci.interval.total_seconds(),
            "timeout": ci.timeout.total_seconds(),
        }
        return Resolved(planned, (f"Tests: CI must say {ci.field} = {ci.passes} of {site.commit[:7]}",))

    async def start(self, turn: Turn) -> Outcome:
        """Ask."""
        return await self._ask(turn, {"since": turn.now.isoformat()})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Ask again."""
        return await self._ask(turn, token)

    async def _ask(self, turn: Turn, token: Json) -> Outcome:
        wanted, commit = turn.step.params, turn.site.commit[:7]
        answer = await self._verdicts.ask(wanted["url"], token=wanted["token"], timeout=_PATIENCE)
        said, again = self._read(answer, wanted)
        if said == wanted["passes"] and not again:
            return Done(f"CI says {said} of {commit}", {"tests": True, "verdict": said, "url": wanted["url"]})
        waited = timedelta(seconds=wanted["timeout"])
        over = turn.now - datetime.fromisoformat(token["since"]) >= waited
        if again and not over:
            return Pending(turn.now + timedelta(seconds=wanted["interval"]), said, token)
        evidence = {"tests": True, "exit_code": 1, "verdict": said, "url": wanted["url"]}
        if again:
            return Failed(f"There was no verdict on {commit} within {span(waited)}: {said}.", evidence)
        return Failed(f"CI did not pass {commit}: {said}. See {wanted['url']}", evidence)

    def _read(self, answer: Answer | NoAnswer, wanted: Json) -> tuple[str, bool]:
        """What it says, and whether it may say otherwise later."""
        match answer:
            case NoAnswer(reason=reason):
                return f"CI did not answer ({reason})", True
            case Answer(status=status) if status in _UNKNOWN:
                return f"CI does not know the commit yet ({status})", True
            case Answer(status=status) if status == _TOO_MANY or status >= _SERVER:
                return f"CI answered {status}", True
            case Answer(status=status, body=body) if status != _OK:
                return f"CI answered {status}: {self._shown(body)}", False
            case Answer(body=body):
                return self._verdict(body, wanted)

    def _verdict(self, body: str, wanted: Json) -> tuple[str, bool]:
        try:
            found = field_of(json.loads(body), wanted["field"])
        except (ValueError, LookupError, TypeError):
            return f"its answer has no field {wanted['field']}: {self._shown(body)}", False
        if found in wanted["pending"] or found is None:
            return f"CI says {found or 'nothing'} still", True
        if found == wanted["passes"]:
            return wanted["passes"], False
        return f"{wanted['field']} is {self._shown(str(found))}, not {wanted['passes']}", False

    def _shown(self, text: str) -> str:
        return one_line(self._redactor.text(text), _SHOWN)


def _ci(site: Site) -> Ci:
    if site.service.ci is None:
        raise PlanningFailed(
            f"The catalogue does not say where to ask for the verdict on {site.service_name}: add `ci:`."
        )
    return site.service.ci


def field_of(value: Any, field: str) -> Any:
    """A dotted field of a JSON answer; numbers count in lists. Raises LookupError, TypeError, ValueError."""
    for part in field.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value if value is None or isinstance(value, str) else str(value)
