"""A place whose migrations are rehearsed on a server of their own."""

from dataclasses import dataclass, field, replace

from bot.adapters.rehearsal.servers import RehearsalServers
from runbooks.catalogue import Catalogue
from runbooks.steps.base import Site, Turn
from runbooks.steps.migrations.rehearse import MigrationsRehearse
from runbooks.vocabulary import Outcome
from sandbox.postgres import PostgresServer
from tests.fixtures.schemas import Schema
from tests.steps import places


@dataclass
class Rehearsed:
    """Production with `rehearsal`; `urls` is what the variables hold."""

    schema: Schema
    server: PostgresServer
    servers: RehearsalServers
    step: MigrationsRehearse
    urls: dict[str, str]
    migrations: dict[str, object] = field(default_factory=dict)  # more of that part of the catalogue

    def site(self, commit: str) -> Site:
        """Production at a commit."""
        site = self.schema.site(commit, migrations=self.migrations)
        return replace(site, environment=site.environment.model_copy(update={"rehearsal": "REHEARSAL_DATABASE"}))

    async def turn(self, commit: str) -> Turn:
        """The step, planned for it."""
        return await places.turn(self.step, {}, self.site(commit))

    async def outcome(self, commit: str) -> Outcome:
        """What comes of it."""
        return await self.step.start(await self.turn(commit))

    def silence(self) -> None:
        """Let nobody answer where the rehearsal database was."""
        self.urls["REHEARSAL_DATABASE"] = "postgresql://nobody@127.0.0.1:1/nowhere"

    def left(self) -> list[str]:
        """Scratch databases that were not dropped."""
        return [name for name in self.server.databases() if name.startswith("opsbot_rehearsal_")]


def rehearsed(schema: Schema, server: PostgresServer) -> Rehearsed:
    """With the real adapter."""
    urls = {"SOLVEREIGN_DATABASE": schema.url, "REHEARSAL_DATABASE": server.url()}
    site = schema.site("f" * 40)
    catalogue = Catalogue.model_validate(
        {
            "groups": {"sre": {"members": ["U01"]}},
            "clusters": {"main": {"kubeconfig": "MAIN"}},
            "services": {"solvereign-api": site.service},
        }
    )
    servers = RehearsalServers(urls.__getitem__, catalogue, schema.planner)
    return Rehearsed(schema, server, servers, MigrationsRehearse(schema.planner, servers, lambda: places.NOW), urls)
