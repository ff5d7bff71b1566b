"""What scenarios are made of: a world, a service with its schema, a folder for what programs leave."""

import sys
from pathlib import Path

from bot.adapters.processes.runner import LocalProcesses
from bot.adapters.rehearsal.scratch import PREFIX
from bot.adapters.rehearsal.servers import RehearsalServers
from runbooks.redaction import Redactor
from runbooks.steps.command import Command
from runbooks.steps.migrations.old_release import OldRelease
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.vocabulary import Json
from sandbox.postgres import PostgresServer
from tests.cuts.playing import Effects
from tests.cuts.readable import JobBoard
from tests.cuts.seam import Seam
from tests.engine.world import World
from tests.fixtures.schemas import FOLDER, Schema
from tests.steps.commanding import Kept

DATABASE = "SOLVEREIGN_DATABASE"
REHEARSAL = "REHEARSAL_DATABASE"


class Places:
    """What scenarios are made of, in one test."""

    def __init__(self, world: World, schema: Schema, folder: Path, server: PostgresServer) -> None:
        self.world, self.schema, self.folder, self.server = world, schema, folder, server
        self.kept = Kept()

    def command(self, seam: Seam, jobs: object = None, kind: type[Command] = Command) -> Command:
        local = LocalProcesses(self.folder / "commands", {})
        around = {"jobs": jobs or JobBoard(), "local": local, "outputs": self.kept}
        return kind(**{name: seam.around(each) for name, each in around.items()}, redactor=Redactor())

    def planner(self, seam: Seam) -> MigrationPlanner:
        return MigrationPlanner(seam.around(self.schema.source), seam.around(self.schema.database))

    @property
    def rehearsals(self) -> RehearsalServers:
        """On a server of their own, where the environment names it."""
        urls = {DATABASE: self.schema.url, REHEARSAL: self.server.url()}
        return RehearsalServers(urls.__getitem__, self.world.catalogue, self.schema.planner)

    async def left(self) -> Effects:
        """The scratch databases that stand there."""
        found = [name for name in self.server.databases() if name.startswith(PREFIX)]
        return {"left": len(found)} if found else {}

    def old_release(self, seam: Seam, jobs: object = None) -> OldRelease:
        local = LocalProcesses(self.folder / "commands", {})
        return OldRelease(
            self.planner(seam),
            self.rehearsals,
            jobs=seam.around(jobs or JobBoard()),
            local=local,
            outputs=self.kept,
            redactor=Redactor(),
        )

    @property
    def with_schema(self) -> dict[str, Json]:
        return {
            "service": {"migrations": {"folder": FOLDER}, "source": {"repository": self.schema.repository.url}},
            "environment": {"database": DATABASE},
        }

    def marking(self, *prints: str, how: str = "a") -> list[str]:
        """A real program that leaves a mark (`w`: however often it runs, one) and prints these lines."""
        says = "".join(f"; print({line!r})" for line in prints)
        code = f"import sys; open(sys.argv[1], {how!r}).write('x'){says}"
        return [sys.executable, "-S", "-c", code, str(self.marks_file)]

    @property
    def marks_file(self) -> Path:
        return self.folder / "marks"

    async def marks(self) -> Effects:
        return {"marks": len(self.marks_file.read_text())} if self.marks_file.exists() else {}
