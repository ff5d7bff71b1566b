"""What scenarios are made of: a world, a service with its schema, a folder for what programs leave."""

import sys
from pathlib import Path

from bot.adapters.processes.runner import LocalProcesses
from bot.adapters.rehearsal.servers import RehearsalServers
from runbooks.redaction import Redactor
from runbooks.steps.command import Command
from runbooks.steps.migrations.old_release import OldRelease
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.vocabulary import Json
from tests.cuts.playing import Effects
from tests.cuts.readable import JobBoard
from tests.cuts.seam import Seam
from tests.engine.world import World
from tests.fixtures.schemas import FOLDER, Schema
from tests.steps.commanding import Kept

DATABASE = "SOLVEREIGN_DATABASE"


class Places:
    """What scenarios are made of, in one test."""

    def __init__(self, world: World, schema: Schema, folder: Path) -> None:
        self.world, self.schema, self.folder = world, schema, folder
        self.kept = Kept()

    def command(self, seam: Seam, jobs: object = None, kind: type[Command] = Command) -> Command:
        local = LocalProcesses(self.folder / "commands", {})
        around = {"jobs": jobs or JobBoard(), "local": local, "outputs": self.kept}
        return kind(**{name: seam.around(each) for name, each in around.items()}, redactor=Redactor())

    def planner(self, seam: Seam) -> MigrationPlanner:
        return MigrationPlanner(seam.around(self.schema.source), seam.around(self.schema.database))

    @property
    def rehearsals(self) -> RehearsalServers:
        """Of a catalogue that names none."""
        return RehearsalServers({}.__getitem__, self.world.catalogue, self.schema.planner)

    def old_release(self, seam: Seam) -> OldRelease:
        local = LocalProcesses(self.folder / "commands", {})
        return OldRelease(
            self.planner(seam),
            self.rehearsals,
            jobs=JobBoard(),
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
