"""The declared smoke tests: each path answers as the catalogue says, and the version path names what runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.adapters.http import HttpxGet
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.doctor.finding import Check, Finding, Subject
from bot.doctor.sites import place_of, sites
from runbooks.catalogue import Catalogue, Service, SmokeCheck, Tag
from runbooks.steps.base import Site
from runbooks.steps.http_health import NoAnswer
from runbooks.steps.http_smoke import fault, names, slashed
from runbooks.steps.kubernetes.deployments import images_of, tag_of, template_of
from runbooks.steps.kubernetes.workloads import Denied, Missing, refs_of
from runbooks.steps.output import one_line

_PATIENCE = timedelta(seconds=3)
_SHOWN = 80  # characters of a body
_CHECK = "see that the service runs, and that this check and `url` are right in the catalogue"
_VERSION = (
    "see that `version-path` and `url` are right in the catalogue, and that they lead to this Deployment; "
    "while a rollout is under way, ask again"
)


@dataclass(frozen=True)
class SmokeChecks:
    """Asks by these two."""

    http: HttpxGet
    workloads: KubernetesWorkloads

    def checks(self, catalogue: Catalogue) -> Iterator[Check]:
        """One for each declared check in each environment with a `url`."""
        for site in sites(catalogue):
            if site.environment.url:
                for each in site.service.smoke:
                    subject = Subject(f"smoke of {place_of(site)}", slashed(each.path))
                    yield Check(subject, partial(self._answers, subject, each, site.environment.url), _CHECK)

    def in_cluster(self, catalogue: Catalogue, cluster: str) -> Iterator[Check]:
        """One for each environment there that answers with its version."""
        for site in sites(catalogue):
            path, url = site.service.version_path, site.environment.url
            if path and url and site.environment.cluster == cluster:
                subject = Subject(f"version of {place_of(site)}", slashed(path))
                yield Check(subject, partial(self._names, subject, site, _address(url, path)), _VERSION)

    async def _answers(self, subject: Subject, check: SmokeCheck, url: str) -> Finding:
        answer = await self.http.get(_address(url, check.path), _PATIENCE)
        if wrong := fault({**check.model_dump(), "path": subject.check}, answer, _shown):
            return subject.missing(wrong, _CHECK) if isinstance(answer, NoAnswer) else subject.wrong(wrong, _CHECK)
        return subject.ok("it answers as it must")

    async def _names(self, subject: Subject, site: Site, url: str) -> Finding:
        answer = await self.http.get(url, _PATIENCE)
        if isinstance(answer, NoAnswer):
            return subject.missing(f"{url} did not answer: {answer.reason}", _VERSION)
        if answer.status != 200:  # noqa: PLR2004 # as the smoke test wants it
            return subject.wrong(f"{url} answers {answer.status}, not 200", _VERSION)
        tag = await self._tag(site)
        if not tag:
            return subject.unseen("the tag that runs is not known", "see what is told of the Deployment")
        if not names(answer.body, version=tag, commit="" if site.service.tag is Tag.VERSION else tag):
            return subject.wrong(f"it does not name {tag}, which runs there: {_shown(answer.body)}", _VERSION)
        return subject.ok(f"it names {tag}, which runs there")

    async def _tag(self, site: Site) -> str:
        """What the first Deployment's image has for a tag; "" where that can't be said."""
        try:
            images = images_of(template_of(await self.workloads.read(refs_of(site)[0])))
        except (Missing, Denied):
            return ""
        image = images.get(site.service.workloads[0].containers[0], "")
        return tag_of(image) if _is_tagged(image, site.service) else ""


def _is_tagged(image: str, service: Service) -> bool:
    return image.startswith(f"{service.image}:") and "@" not in image


def _address(url: str, path: str) -> str:
    return url.rstrip("/") + slashed(path)


def _shown(body: str) -> str:
    return one_line(body, _SHOWN) or "its answer was empty"
