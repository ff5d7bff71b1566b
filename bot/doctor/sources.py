"""The source repositories, and CI: it answers for the newest commit, and its answer has the field."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus

from bot.adapters.http import HttpxVerdicts
from bot.adapters.source.git import GitSource
from bot.doctor.finding import Check, Finding, Subject, listed
from runbooks.catalogue import Catalogue, Ci, Service
from runbooks.steps.ci_verdict import field_of
from runbooks.steps.http_health import NoAnswer
from runbooks.steps.output import one_line

_PATIENCE = 3.0  # seconds
_SHOWN = 60  # characters
_GIT = "see that `source.repository` is right, and that this host and its credentials may read it (`git ls-remote`)"
_REACH = "see that CI runs, that this host reaches it, and that `ci.url` is right in the catalogue"
_KNOW = "see that `ci.url` is right, that its token may read this repository, and that CI has seen that commit"
_NAME_IT = "name the variable that holds a token which may read verdicts, as `ci.token` in the catalogue"
_FIELD = "mend `ci.field` (dotted where it is nested), or `ci.url`, in the catalogue"


@dataclass(frozen=True)
class SourceChecks:
    """Asks by these two."""

    source: GitSource
    verdicts: HttpxVerdicts

    def checks(self, catalogue: Catalogue) -> list[Check]:
        """One for each repository, however many services come from it, and then one for each CI."""
        services: dict[str, dict[str, Service]] = {}
        for name, service in catalogue.services.items():
            services.setdefault(service.source.repository, {})[name] = service
        return [self._repository(*each) for each in services.items()]

    def _repository(self, repository: str, services: Mapping[str, Service]) -> Check:
        subject = Subject("source", f"repository of {listed(services)}")

        async def look() -> Finding:
            await self.source.ask(repository, seconds=_PATIENCE)
            return subject.ok("it answers")

        asked = {name: service.ci for name, service in services.items() if service.ci}
        then = (self._check(Subject("ci", f"verdicts on {name}"), ci, repository) for name, ci in asked.items())
        return Check(subject, look, _GIT, tuple(then))

    def _check(self, subject: Subject, ci: Ci, repository: str) -> Check:
        return Check(subject, partial(self._look, subject, ci, repository), _REACH)

    async def _look(self, subject: Subject, ci: Ci, repository: str) -> Finding:
        commit = await self.source.ask(repository, seconds=_PATIENCE)
        if not commit:
            return subject.unseen("the repository has no commit yet", "ask again once it has one")
        answer = await self.verdicts.ask(ci.of(commit), token=ci.token, timeout=timedelta(seconds=_PATIENCE))
        if isinstance(answer, NoAnswer):
            return subject.missing(f"CI did not answer ({answer.reason})", _REACH)
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            mend = f"put a token that may read verdicts into {ci.token}" if ci.token else _NAME_IT
            return subject.wrong(f"CI refuses the bot ({answer.status})", mend)
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
            return subject.missing(f"CI does not know {commit[:7]}, the newest commit ({answer.status})", _KNOW)
        if answer.status != HTTPStatus.OK:
            return subject.wrong(f"CI answers {answer.status}, not 200", _REACH)
        return _read(subject, ci, answer.body)


def _read(subject: Subject, ci: Ci, body: str) -> Finding:
    try:
        said = field_of(json.loads(body), ci.field)
    except (ValueError, LookupError, TypeError):
        return subject.wrong(f"its answer has no field {ci.field}", _FIELD)
    return subject.ok(f"it says {one_line(str(said), _SHOWN)} of the newest commit")
