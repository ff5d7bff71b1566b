"""`http.smoke`: asks the new release the questions that the catalogue declares, once it answers by its own version.

The version is asked before and after the others, so that it is the new pods that were tested.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from runbooks.redaction import Redactor
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.http_health import Answer, Http, NoAnswer
from runbooks.steps.output import one_line, span
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending, PlanningFailed

NOT_PINNED = "not pinned to the new pods"
_PATIENCE = timedelta(seconds=5)  # for one answer
_BODY_SHOWN = 120  # characters


class HttpSmoke(Step):
    """Looks once per interval until one round is good throughout, or the time is over."""

    uses = "http.smoke"
    cut = Cut.IDEMPOTENT
    finding = "deploy-failed"

    def __init__(self, http: Http, redactor: Redactor) -> None:
        self._http = http
        self._redactor = redactor

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Which questions, to which address, and by what the new release is known."""
        service, where = site.service, f"{site.service_name} in {site.environment_name}"
        if not site.environment.url:
            raise PlanningFailed(f"The catalogue gives no `url` for {where}, so no smoke test can be run against it.")
        if not service.smoke and not service.version_path:
            raise PlanningFailed(f"The catalogue declares no smoke tests for {site.service_name}. Add `smoke:`.")
        checks = [{**check.model_dump(), "path": slashed(check.path)} for check in service.smoke]
        version_path = slashed(service.version_path) if service.version_path else ""
        planned: Json = {
            "url": site.environment.url.rstrip("/"),
            "checks": checks,
            "version_path": version_path,
            "version": site.version,
            "commit": site.commit,
            "interval": site.environment.health.interval.total_seconds(),
            "timeout": site.environment.health.timeout.total_seconds(),
        }
        pinned = f"{version_path} must name {site.version}" if version_path else NOT_PINNED
        paths = [check["path"] for check in checks]
        return Resolved(planned, (f"Smoke: {', '.join([*paths, pinned])}",))

    async def start(self, turn: Turn) -> Outcome:
        """The first round."""
        return await self._round(turn, {"since": turn.now.isoformat()})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """One round more."""
        return await self._round(turn, token)

    async def _round(self, turn: Turn, token: Json) -> Outcome:
        wanted = turn.step.params
        fault = await self._version(wanted) or await self._checks(wanted) or await self._version(wanted)
        if not fault:
            return _passed(wanted)
        timeout = timedelta(seconds=wanted["timeout"])
        if turn.now - datetime.fromisoformat(token["since"]) >= timeout:
            return Failed(f"{fault}. It was asked for {span(timeout)}.", {"said": fault})
        return Pending(turn.now + timedelta(seconds=wanted["interval"]), fault, token)

    async def _version(self, wanted: Json) -> str:
        """What is wrong with the version that answers, "" where nothing is, or none is asked."""
        if not (path := wanted["version_path"]):
            return ""
        match await self._http.get(wanted["url"] + path, _PATIENCE):
            case Answer(status=200, body=body) if names(body, version=wanted["version"], commit=wanted["commit"]):
                return ""
            case Answer(status=200, body=body):
                return f"{path} does not name {wanted['version']}, so another release answered: {self._shown(body)}"
            case Answer(status=status):
                return f"{path} answered {status}, so which release answers is not known"
            case NoAnswer(reason=reason):
                return f"{path} did not answer ({reason})"

    async def _checks(self, wanted: Json) -> str:
        checks: Sequence[Json] = wanted["checks"]
        answers = await asyncio.gather(*(self._http.get(wanted["url"] + c["path"], _PATIENCE) for c in checks))
        faults = (fault(check, answer, self._shown) for check, answer in zip(checks, answers, strict=True))
        return next(filter(None, faults), "")

    def _shown(self, body: str) -> str:
        return one_line(self._redactor.text(body), _BODY_SHOWN) or "its answer was empty"


def fault(check: Json, answer: Answer | NoAnswer, shown: Callable[[str], str]) -> str:
    """What is wrong with an answer to a declared check, "" where nothing is; `shown` makes a body fit to be told."""
    path = check["path"]
    match answer:
        case NoAnswer(reason=reason):
            return f"{path} did not answer ({reason})"
        case Answer(status=status, body=body) if status != check["status"]:
            return f"{path} answered {status}, not {check['status']}: {shown(body)}"
        case Answer(body=body) if check["contains"] not in body:
            return f"{path} does not say “{check['contains']}”: {shown(body)}"
        case _:
            return ""


def slashed(path: str) -> str:
    """A path as it stands after an address without a slash at its end."""
    return f"/{path.lstrip('/')}"


def names(body: str, *, version: str, commit: str) -> bool:
    """Whether the answer names the version as a word of its own (v4 is not in v42), or the commit by seven digits."""
    if re.search(rf"(?<![\w.+-]){re.escape(version)}(?![\w+-]|\.\w)", body):
        return True
    digits = re.findall(r"(?<![0-9a-f])[0-9a-f]{7,40}(?![0-9a-f])", body)
    return bool(commit) and any(commit.startswith(found) or found.startswith(commit) for found in digits)


def _passed(wanted: Json) -> Done:
    checks, pinned = wanted["checks"], bool(wanted["version_path"])
    passed = [f"{len(checks)} of {len(checks)} passed"] if checks else []
    by = f"answered by {wanted['version']}" if pinned else NOT_PINNED
    return Done(" · ".join([*passed, by]), {"checked": [check["path"] for check in checks], "pinned": pinned})
