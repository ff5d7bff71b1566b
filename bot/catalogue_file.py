"""Loads `opsbot.yaml`; every fault in it is told as file:line, with what would be right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runbooks.catalogue import Catalogue, Environment, OnFailure, Service
from runbooks.catalogue.sense import nonsense
from runbooks.documents import checks
from runbooks.documents.errors import Report
from runbooks.documents.marked import Loc, Marked, read
from runbooks.documents.placeholders import is_placeholder
from runbooks.documents.runbook import Runbook
from runbooks.runs.drill import DRILL
from runbooks.runs.state import PLANNED
from runbooks.vocabulary import Then

_STARTED_BY = {"deploy": "deploy", "rollback": "rollback", "onboarding": "onboard", "drill": "drill"}


class Runbooks(Protocol):
    """The runbooks there are, by id."""

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        ...

    def runbook(self, runbook_id: str) -> Runbook:
        """What a run of it does. KeyError where there is none."""
        ...


@dataclass(frozen=True)
class CatalogueFile:
    """The catalogue, and where in its file each part stands."""

    path: Path
    catalogue: Catalogue
    marked: Marked

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the team's own runbooks; a relative one stands beside the file."""
        return tuple(self.path.parent / folder for folder in self.catalogue.library)

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables that the catalogue names, each with its file:line."""
        places = reversed(list(_variables(self.catalogue)))  # the first place that names one is told
        return {variable: f"{self.path}:{self.marked.line(loc)}" for variable, loc in places}

    def check(self, runbooks: Runbooks) -> None:
        """The runbooks that the services name must be there, and the services have what those ask for.

        Raises DocumentError.
        """
        report = Report(str(self.path))
        for name, service in self.catalogue.services.items():
            for command, runbook_id in _named(service):
                line = self.marked.line(("services", name, "runbooks", command))
                try:
                    runbook = runbooks.runbook(runbook_id)
                except KeyError:
                    report.add(line, f"there is no runbook `{runbook_id}`", checks.nearest(runbook_id, runbooks.ids))
                    continue
                if runbook.command not in ("", _STARTED_BY[command]):
                    wrong = (
                        f"the runbook `{runbook_id}` is for `/{runbook.command}`, not for `/{_STARTED_BY[command]}`"
                    )
                    report.add(line, wrong, "name another, or change the `command` in its front matter")
                if command == "rollback" and runbook_id.endswith(f"/{PLANNED}"):
                    document = runbook_id.partition("/")[0]
                    wrong = f"`{runbook_id}` is for rollbacks without hurry, so no emergency could be rolled back"
                    report.add(line, wrong, f"name `{document}`: `/rollback ... planned` finds that part of it")
                if command == DRILL and not any(item.uses == "kubernetes.restore" for item in runbook.items):
                    wrong = f"the runbook `{runbook_id}` never goes back, so no drill goes by it"
                    report.add(line, wrong, "let `kubernetes.restore` and a health check stand at its end")
                for missing in _missing_commands(runbook, service):
                    where = f"`{name}` has no command `{missing}`, which the runbook `{runbook.id}` runs"
                    known = checks.nearest(missing, service.commands, what="its commands are")
                    line = self.marked.line(("services", name, "commands"))
                    report.add(line, where, f"add it, or name a runbook of your own ({known})")
            self._check_reserved(name, service, runbooks, report)
        report.close()

    def _check_reserved(self, name: str, service: Service, runbooks: Runbooks, report: Report) -> None:
        """A rollback that follows a failed deploy by itself holds what that one held, so that must be enough."""
        names = (service.runbooks.deploy, service.runbooks.rollback)
        if any(each not in runbooks.ids for each in names):
            return
        deploy, rollback = (runbooks.runbook(each) for each in names)
        lacking = " and the ".join(sorted(rollback.reserved - deploy.reserved))
        follows = any(item.step and item.step.on_failure.then is Then.ROLLBACK for item in deploy.items)
        if lacking and follows and any(e.on_failure is OnFailure.ROLLBACK for e in service.environments.values()):
            line = self.marked.line(("services", name, "runbooks", "deploy"))
            wrong = f"`{deploy.id}` does not reserve the {lacking}; `{rollback.id}` does, and may follow by itself"
            report.add(line, wrong, "let both reserve the same, or let the environments ask (`on-failure: ask`)")


def load(path: Path) -> CatalogueFile:
    """The catalogue of a file. Raises DocumentError with all faults there are."""
    report = Report(str(path))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as cause:
        right = "OPSBOT_CATALOGUE names the file, and deploy/opsbot.example.yaml shows what stands in it"
        raise report.failed(1, f"the catalogue can't be read: {cause.strerror}", right) from cause
    except UnicodeDecodeError as cause:
        line = cause.object[: cause.start].count(b"\n") + 1
        raise report.failed(line, "this is not UTF-8", "save the file as UTF-8") from cause
    marked = read(text, path=str(path))
    if marked.value is None:
        raise report.failed(1, "the catalogue is empty", "deploy/opsbot.example.yaml shows what stands in it")
    catalogue = checks.validated(Catalogue, marked, report)
    for each in nonsense(catalogue) if catalogue else ():
        report.add(marked.line(each.loc), f"{checks.name(each.loc)}: {each.wrong}", each.right)
    report.close()
    assert catalogue is not None  # noqa: S101  # otherwise the report had a fault
    return CatalogueFile(path, catalogue, marked)


def _variables(catalogue: Catalogue) -> Iterator[tuple[str, Loc]]:
    for name, cluster in catalogue.clusters.items():
        if cluster.kubeconfig:
            yield cluster.kubeconfig, ("clusters", name, "kubeconfig")
    for name, service in catalogue.services.items():
        if service.source.variable:
            yield service.source.variable, ("services", name, "source", "repository")
        if service.ci and service.ci.token:
            yield service.ci.token, ("services", name, "ci", "token")
        for place, environment in service.environments.items():
            yield from _of_place(environment, ("services", name, "environments", place))


def _of_place(environment: Environment, at: Loc) -> Iterator[tuple[str, Loc]]:
    if environment.database:
        yield environment.database, (*at, "database")
    if environment.rehearsal:
        yield environment.rehearsal, (*at, "rehearsal")
    record = environment.last_known_good
    if record and record.git and record.git.variable:
        yield record.git.variable, (*at, "last-known-good", "git", "repository")
    if environment.prometheus and not environment.prometheus.startswith("http"):
        yield environment.prometheus, (*at, "prometheus")


def _named(service: Service) -> Iterator[tuple[str, str]]:
    """The runbooks that the service's commands run, each by what `runbooks` calls it."""
    yield "deploy", service.runbooks.deploy
    yield "rollback", service.runbooks.rollback
    if service.onboarding:
        yield "onboarding", service.runbooks.onboarding
    if any(place.drill for place in service.environments.values()):
        yield DRILL, service.runbooks.drill


def _missing_commands(runbook: Runbook, service: Service) -> list[str]:
    """The commands that the runbook names outright, or falls back to, and the service lacks."""
    steps = [(item.uses, item.step.params) for item in runbook.items if item.step]
    named = {str(params.get("command")) for uses, params in steps if uses == "command"}
    for uses, instead in (("tests", service.ci), ("smoke", service.smoke or service.version_path)):
        named |= {str(params.get("command", uses)) for found, params in steps if found == uses and not instead}
    return sorted(name for name in named - service.commands.keys() if not is_placeholder(name))
