"""A small world for one real bot process after another: PostgreSQL, a service's database, a command, the local Slack.

Every play is one deploy of a new version: a command beside the bot, an approval, a migration.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml
from aiohttp import ClientError

from sandbox.slack import LocalSlack, Message
from sandbox.tether import tethered
from sandbox.waiting import until
from tests.acceptance.people import key_of
from tests.engine.world import CATALOGUE
from tests.faults.serving import AT, POINTS
from tests.fixtures.repositories import Repository
from tests.fixtures.store import StoreDatabase

LEASE = 2.0  # seconds
OVER = ("succeeded", "failed", "aborted", "superseded", "rejected", "expired")
BOOK = """# Deploy

## Before
- [ ] Mark it
  ```step
  id: mark
  uses: command
  command: mark
  ```
- [ ] Approved
  ```step
  uses: approve
  ```

## Deploy
- [ ] Migrate
  ```step
  id: migrate
  uses: migrations.apply
  ```
"""
MARK = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + chr(10))"
NEWEST = "select name, state::text from streams where name like 'run/D-%' order by substr(name, 7)::int desc limit 1"
TABLES = "select count(*) from pg_tables where schemaname = 'public' and tablename = %s"


@dataclass(frozen=True)
class Met:
    """What one play came to."""

    run: str
    status: str
    killed: bool
    effects: dict[str, int]
    twice: list[str]  # keys of messages that stand more than once in Slack


@dataclass
class Small:
    """The world; `number` counts its versions."""

    folder: Path
    slack: LocalSlack
    database: StoreDatabase
    service_url: str
    number: int = 0
    process: asyncio.subprocess.Process | None = None
    seen: set[str] = field(default_factory=set)  # runs of the plays before

    def __post_init__(self) -> None:
        self.repository = Repository(self.folder / "source")
        (self.folder / "shelf").mkdir()
        (self.folder / "shelf" / "deploy.md").write_text(BOOK)
        (self.folder / "shelf" / "back.md").write_text("# Back\n\n- [ ] Look\n")
        made = json.loads(json.dumps(CATALOGUE))
        service = made["services"]["api"]
        mark = [sys.executable, "-S", "-c", MARK, str(self.folder / "marks"), "${version}"]
        service |= {
            "source": {"repository": self.repository.url},
            "commands": {"mark": {"run": mark, "runner": "local"}},
            "migrations": {"folder": "db"},
        }
        place = service["environments"]["production"]
        place |= {"channels": {"deploys": self.slack.channels["deploys"]}, "database": "API_DATABASE"}
        made["groups"] = {name: {"slack": found} for name, found in self.slack.groups.items()}
        (self.folder / "opsbot.yaml").write_text(yaml.safe_dump({**made, "library": ["shelf"]}))
        with psycopg.connect(self.service_url) as connection:
            connection.execute("create table effects (what text)")

    async def play(self, dies_at: int) -> Met:
        """One deploy, whose first process dies at this point (0: at none), and another one takes over."""
        version = self._release()
        await self._serve("tests.faults.serving", **{AT: str(dies_at), POINTS: str(self.points_file)})
        first = self.process
        try:
            run, state = await self._tended(version)
            assert first is not None
            twice = await self._told(run)
            return Met(run, state["status"], first.returncode is not None, self._effects(version), twice)
        finally:
            await self.ends()

    @property
    def points_file(self) -> Path:
        """Where the first process of the last play wrote down what it passed."""
        return self.folder / f"points-{self.number}"

    async def ends(self) -> None:
        """Kill whoever serves."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def _release(self) -> str:
        self.number += 1
        name, version = f"m{self.number}", f"v{self.number}"
        script = "".join((f"create table {name} ();\n", "insert into effects values (", f"'{name}');\n"))
        folder = f"db/{self.number:03}"
        self.repository.commit(
            {f"{folder}_{name}.sql": script, f"{folder}_rollback.sql": f"drop table {name};\n"}, tag=version
        )
        return version

    async def _serve(self, module: str, **more: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "OPSBOT_DATABASE_URL": self.database.url,
            "OPSBOT_CATALOGUE": str(self.folder / "opsbot.yaml"),
            "OPSBOT_STATE_FOLDER": str(self.folder / "var"),
            "OPSBOT_LEASE_SECONDS": str(LEASE),
            "API_DATABASE": self.service_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "KUBERNETES_SERVICE_HOST": "",
            **more,
        }
        words = [sys.executable, "-m", module, *(["serve"] if module == "bot" else [])]
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *tethered(words), env=environment, stdout=log, stderr=log
            )

    async def _tended(self, version: str) -> tuple[str, dict[str, Any]]:
        """People and whoever starts processes do what is to be done, until the run of this version is over."""
        asked = 0.0
        loop = asyncio.get_running_loop()
        ends = loop.time() + 90
        while loop.time() < ends:
            assert self.process is not None
            if self.process.returncode is not None:
                await self._serve("bot")
            run, state = await self._newest()
            if run in self.seen:
                if loop.time() - asked > 6:
                    asked = loop.time()
                    with suppress(ClientError, TimeoutError):
                        await self.slack.person("riley").command("deploys", f"/deploy api {version}")
            elif state["status"] in OVER:
                self.seen.add(run)
                return run, state
            else:
                with suppress(ClientError, TimeoutError):
                    await self._people(run, state, version)
            await asyncio.sleep(0.2)
        raise TimeoutError(
            f"{version} stands still: {await self._newest()}\n{(self.folder / 'log').read_text()[-3000:]}"
        )

    async def _people(self, run: str, state: dict[str, Any], version: str) -> None:
        """Approve, and say of a command that was cut off whether its mark is there."""
        done = "It was done" if self._marks()[version] else "Not done, do it"
        for message in reversed(await self._messages(run)):
            if "Approve" in message.buttons and not state["approvals"]:
                await self.slack.person("alex").click(message, "Approve")
                return
            if done in message.buttons:
                await self.slack.person("riley").click(message, done)
                return

    async def _messages(self, run: str) -> list[Message]:
        found = await self.slack.person("riley").messages("deploys")
        return [message for message in found if key_of(message).startswith(f"run/{run}/")]

    async def _told(self, run: str) -> list[str]:
        """Keys that stand twice, once the card says that it is done."""

        async def said() -> bool:
            assert self.process is not None
            if self.process.returncode is not None:  # it died after the run's end
                await self._serve("bot")
            return any("✅ Done" in message.shown for message in await self._messages(run))

        await until(said, seconds=40, what=f"the card of {run} says its end")
        keys = Counter(map(key_of, await self._messages(run)))
        return [key for key, times in keys.items() if times > 1]

    async def _newest(self) -> tuple[str, dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(self.database.owner_url) as connection:
            row = await (await connection.execute(NEWEST)).fetchone()
        return (row[0].partition("/")[2], json.loads(row[1])) if row else ("", {})

    def _marks(self) -> Counter[str]:
        path = self.folder / "marks"
        return Counter(path.read_text().split()) if path.exists() else Counter()

    def _effects(self, version: str) -> dict[str, int]:
        name = f"m{version[1:]}"
        with psycopg.connect(self.service_url) as connection:
            rows = connection.execute("select count(*) from effects where what = %s", (name,)).fetchone()
            tables = connection.execute(TABLES, (name,)).fetchone()
        return {"marks": self._marks()[version], "rows": rows[0] if rows else 0, "tables": tables[0] if tables else 0}
