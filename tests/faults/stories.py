"""What is deployed while processes die: the documents, the service, and what outsiders must count once."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import psycopg

from tests.acceptance.records import Json
from tests.faults.world import World

MARKED = """
- [ ] Mark it
  ```step
  id: mark
  uses: command
  command: mark
  ```
"""
APPROVED = """
- [ ] Approved
  ```step
  id: approval
  uses: approve
  ```
"""
MIGRATED = """
- [ ] Migrate
  ```step
  id: migrate
  uses: migrations.apply
  ```
"""
MARK = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + chr(10))"
TABLES = "select count(*) from pg_tables where schemaname = 'public' and tablename = %s"
ROWS = "select count(*) from effects where what = %s"

Effects = Mapping[str, int]


class Story:
    """Begins the same whatever was played before."""

    books: ClassVar[Mapping[str, str]]
    ends: tuple[str, ...]  # of its runs, as they began
    once: ClassVar[Effects]
    says = "✅ Done"  # the card of the first of them, at the end

    def prepare(self, world: World) -> None:
        """Write what the bot reads when it starts."""
        world.write(self.service(world), self.books)

    def service(self, world: World) -> dict[str, Any]:
        """The service of the catalogue."""
        mark = [sys.executable, "-S", "-c", MARK, str(_marks_file(world)), "${version}"]
        commands = {"mark": {"run": mark, "runner": "local"}}
        return {**world.service, "commands": commands, "migrations": {"folder": "db"}}

    def release(self, world: World) -> str:
        """The next version; its tag."""
        raise NotImplementedError

    def effects(self, world: World, version: str, runs: Iterable[str]) -> Effects:
        """How often each effect is seen from outside; `runs` are those of the play."""
        raise NotImplementedError

    def takes_back(self, runs: Mapping[str, Json]) -> bool:
        """Whether it is time that somebody goes back at once."""
        return False

    def marked(self, world: World, version: str) -> int:
        """How often the command left its mark."""
        path = _marks_file(world)
        return Counter(path.read_text().split())[version] if path.exists() else 0


class Plain(Story):
    """A command beside the bot, an approval, a migration, and their messages."""

    books: ClassVar = {
        "deploy": f"# Deploy\n\n## Before\n{MARKED}{APPROVED}\n## Deploy\n{MIGRATED}",
        "back": "# Back\n\n- [ ] Look\n",
    }
    ends = ("succeeded",)
    once: ClassVar = {"marks": 1, "rows": 1, "tables": 1}

    def release(self, world: World) -> str:
        """The next version, with the first migration that its database sees."""
        with psycopg.connect(world.service_url) as connection:
            connection.execute("drop schema if exists opsbot cascade")
        shutil.rmtree(world.repository.folder / "db", ignore_errors=True)
        world.number += 1
        name = f"m{world.number}"
        script = "".join((f"create table {name} ();\n", "insert into effects values (", f"'{name}');\n"))
        files = {f"db/001_{name}.sql": script, "db/001_rollback.sql": f"drop table {name};\n"}
        return world.release(f"v{world.number}", files)

    def effects(self, world: World, version: str, runs: Iterable[str]) -> Effects:
        """The command's mark, the migration's row and table."""
        name = (f"m{version[1:]}",)
        with psycopg.connect(world.service_url) as connection:
            rows, tables = (connection.execute(asked, name).fetchone() for asked in (ROWS, TABLES))
        return {
            "marks": self.marked(world, version),
            "rows": rows[0] if rows else 0,
            "tables": tables[0] if tables else 0,
        }


def _marks_file(world: World) -> Path:
    return world.folder / "marks"
