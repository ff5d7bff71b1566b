"""All that `opsbot doctor` looks at, as one whole world, which tests break in one place."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml
from aiohttp import web
from psycopg import sql

from bot.adapters.postgres.migrate import grant_login, migrate
from bot.adapters.service_database.statements import statement
from bot.doctor.scopes import SCOPES
from sandbox.cluster.control_plane import ControlPlane
from sandbox.postgres import PostgresServer
from sandbox.service import manifests
from sandbox.slack import LocalSlack
from tests.fixtures.repositories import Repository
from tests.fixtures.schemas import with_user
from tests.fixtures.store import BOT_USER
from tests.steps.web import answering

NAME = manifests.NAME
JOBS = "opsbot-jobs"
OWNER = "doctored_owner"  # of the service's database
LAST_EPOCH = 40  # that the bot's database drew
_STORE, _SERVICE, _EMPTY = "doctored_store", "doctored_service", "doctored_empty"
_TOKEN = "made-up-ci-token"
_JOBS_SETTINGS = "doctored-settings"


@dataclass
class Pages:
    """What the service and its CI answer at one address: a status and a body, by path."""

    url: str = ""
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)

    def answer(self, request: web.Request) -> web.StreamResponse:
        """To this request; CI wants its token."""
        is_ci = request.path.startswith("/ci/")
        if is_ci and request.headers.get("authorization") != f"Bearer {_TOKEN}":
            return web.Response(status=401)
        status, text = self.answers.get("/ci" if is_ci else request.path, (404, ""))
        return web.Response(status=status, text=text)


@dataclass(frozen=True)
class World:
    """The parts that run, and what is written of them: the environment and the catalogue."""

    folder: Path
    postgres: PostgresServer
    rehearsals: PostgresServer
    slack: LocalSlack
    cluster: ControlPlane
    namespace: str
    pages: Pages
    variables: dict[str, str]
    about: dict[str, Any]

    @property
    def service(self) -> dict[str, Any]:
        """The service in the catalogue."""
        found: dict[str, Any] = self.about["services"][NAME]
        return found

    @property
    def place(self) -> dict[str, Any]:
        """Its one environment."""
        found: dict[str, Any] = self.service["environments"]["production"]
        return found

    def url(self, name: str) -> str:
        """A database's, as the administrator: `store`, `service` or `empty`."""
        return self.postgres.url({"store": _STORE, "service": _SERVICE, "empty": _EMPTY}[name])

    async def ask(self, name: str, query: str) -> None:
        """Run a statement there, as the administrator."""
        async with await psycopg.AsyncConnection.connect(self.url(name), autocommit=True) as connection:
            await connection.execute(query.encode())

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """As the administrator; NAMESPACE is the service's."""
        told = [each.replace("NAMESPACE", self.namespace) for each in arguments]
        return await asyncio.to_thread(self.cluster.kubectl, *told, stdin=stdin)

    def again(self) -> "World":
        """The same parts, with writing of its own."""
        return World(**{**vars(self), "variables": {**self.variables}, "about": copy.deepcopy(self.about)})

    def written(self) -> dict[str, str]:
        """Write the catalogue; the whole environment of a bot."""
        path = self.folder / "opsbot.yaml"
        path.write_text(yaml.safe_dump(self.about))
        return {**self.variables, "OPSBOT_CATALOGUE": str(path)}


@asynccontextmanager
async def whole(
    folder: Path,
    *,
    postgres: PostgresServer,
    rehearsals: PostgresServer,
    slack: LocalSlack,
    cluster: ControlPlane,
    prometheus: str,
) -> AsyncIterator[World]:
    """A world in which everything holds."""
    pages = Pages()
    slack.proxy.scopes = tuple(SCOPES)
    with _databases(postgres) as variables, _cluster(cluster) as namespace:
        async with answering(pages.answer) as pages.url:
            pages.answers.update(_fine())
            about = _catalogue(folder, slack, namespace, url=pages.url)
            variables |= {
                "CI_TOKEN": _TOKEN,
                "MAIN_KUBECONFIG": str(cluster.opsbot_kubeconfig),
                "PROMETHEUS_URL": prometheus,
                "REHEARSAL_URL": rehearsals.url(),
                "OPSBOT_STATE_FOLDER": str(folder / "var"),
                "SLACK_API_URL": slack.api_url,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_BOT_TOKEN": slack.bot_token,
            }
            yield World(folder, postgres, rehearsals, slack, cluster, namespace, pages, variables, about)


def _fine() -> dict[str, tuple[int, str]]:
    return {
        "/health/live": (200, "ok"),
        "/health/ready": (200, "ok"),
        "/greeting": (200, "hello from the service"),
        "/version": (200, '{"version": "v41"}'),
        "/ci": (200, '{"state": "success"}'),
    }


@contextmanager
def _databases(server: PostgresServer) -> Iterator[dict[str, str]]:
    """The bot's, migrated; the service's, with its ledger; and one with nothing in it. The variables for both."""
    for name in (_STORE, _SERVICE, _EMPTY):
        server.create_database(name)
    store, service = server.url(_STORE), server.url(_SERVICE)
    bot = with_user(store, BOT_USER)
    migrate(store)
    grant_login(store, bot)
    with psycopg.connect(store) as connection:
        connection.execute("select setval('epochs', %s)", (LAST_EPOCH,))
    with psycopg.connect(service) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = %s", (OWNER,)).fetchone():
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(OWNER)))
        connection.execute(
            sql.SQL("grant create on database {} to {}").format(sql.Identifier(_SERVICE), sql.Identifier(OWNER))
        )
    with psycopg.connect(with_user(service, OWNER)) as connection:
        connection.execute(statement("bootstrap"))
    yield {"OPSBOT_DATABASE_URL": bot, "API_DATABASE_URL": with_user(service, OWNER)}
    for name in (_STORE, _SERVICE, _EMPTY):
        server.drop_database(name)


@contextmanager
def _cluster(plane: ControlPlane) -> Iterator[str]:
    """A namespace where the service runs as far as a cluster without nodes lets it; and what its Jobs are given."""
    namespace = "doctored"
    plane.grant(namespace)
    plane.kubectl("create", "-f", "-", stdin=json.dumps(manifests.deployment(namespace, version="v41", replicas=0)))
    bound = plane.kubectl.json("get", "rolebinding", "opsbot", "-n", JOBS)["subjects"]
    metadata = {"name": _JOBS_SETTINGS, "namespace": JOBS}
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": [_JOBS_SETTINGS, "gone"]}
    ]
    rbac = "rbac.authorization.k8s.io"
    given = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"level": "info"}},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "subjects": bound,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": _JOBS_SETTINGS},
        },
    ]
    plane.kubectl.apply(given)
    yield namespace
    plane.kubectl("delete", "rolebinding,role,configmap", _JOBS_SETTINGS, "-n", JOBS)
    plane.kubectl("delete", "namespace", namespace, "--wait=false")


def _catalogue(folder: Path, slack: LocalSlack, namespace: str, *, url: str) -> dict[str, Any]:
    """A service with everything that there is a check of; its repository, its record's and its runbooks are here."""
    source, records = Repository(folder / "source"), Repository(folder / "records")
    for repository in (source, records):
        repository.commit({"README.md": "# Made up\n"})
    records.git("config", "receive.denyCurrentBranch", "ignore")
    (folder / "shelf").mkdir()
    (folder / "shelf" / "extra.md").write_text("# One line\n\n- [ ] Look\n")
    place = {
        "cluster": "main",
        "namespace": namespace,
        "url": url,
        "production": True,
        "database": "API_DATABASE_URL",
        "rehearsal": "REHEARSAL_URL",
        "channels": {"deploys": slack.channels["deploys"], "s2": slack.channels["incidents"]},
        "approval": {"group": "sre"},
        "stakeholders": {"people": [slack.users["sam"]], "channels": [slack.channels["general"]]},
        "last-known-good": {
            "file": str(folder / "good" / "lkg.json"),
            "config-map": f"{NAME}-last-known-good",
            "git": {"repository": records.url},
        },
        "prometheus": "PROMETHEUS_URL",
    }
    kpi = {"title": "errors", "query": "vector(0.2)", "unit": "%", "direction": "lower-is-better", "tolerance": "20%"}
    job = {
        "run": ["true"],
        "secrets": {"DATABASE_URL": "doctored-secret/url"},
        "config-maps": {"LEVEL": f"{_JOBS_SETTINGS}/level"},
    }
    service = {
        "image": manifests.IMAGE,
        "source": {"repository": source.url},
        "workloads": [{"deployment": NAME, "containers": ["api"]}],
        "migrations": {"folder": "db"},
        "commands": {"report": job},
        "kpis": {"errors": kpi},
        "ci": {"url": f"{url}/ci/{{commit}}", "token": "CI_TOKEN"},
        "smoke": [{"path": "/greeting", "contains": "hello"}],
        "version-path": "/version",
        "default-environment": "production",
        "environments": {"production": place},
    }
    return {
        "groups": {"sre": {"slack": slack.groups["sre"]}, "on-call": {"members": [slack.users["alex"]]}},
        "people": {"sam@api.example": slack.users["sam"]},
        "clusters": {"main": {"kubeconfig": "MAIN_KUBECONFIG"}},
        "services": {NAME: service},
        "library": ["shelf"],
    }
