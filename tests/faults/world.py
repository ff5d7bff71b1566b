"""A small world for one real bot process after another: a Slack, the bot's database, a service with its own.

What is deployed there is a story's.
"""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml

from sandbox.slack import LocalSlack, Message
from tests.acceptance.people import key_of
from tests.acceptance.records import Json, Records
from tests.engine.world import CATALOGUE
from tests.faults.serving import AT, LOG, POINTS
from tests.faults.starter import Serving, Starter
from tests.fixtures.repositories import Repository
from tests.fixtures.store import StoreDatabase

LEASE = 2.0  # seconds; no process takes less
CHANNEL = "deploys"
RUNS = "select born, name, state::text from streams where name like 'run/%%' and born > %(born)s order by born"
BUSY = """select key from work
where leased_until > clock_timestamp() or due < clock_timestamp() + interval '20 seconds'"""
HELD = "select name from streams where name like 'release/%%' and state->'hold'->>'run' is not null"
BORN = "select coalesce(max(born), 0) from streams"


@dataclass
class World:
    """Where the plays of one story follow each other; `number` counts them."""

    index: int  # among the worlds of a test
    folder: Path
    slack: LocalSlack
    database: StoreDatabase
    service_url: str
    starter: Starter
    more: dict[str, str] = field(default_factory=dict)  # environment of the process beside the ordinary
    number: int = 0
    serving: Serving | None = None

    def __post_init__(self) -> None:
        self.repository = Repository(self.folder / "source")
        self.records = Records(self.database.owner_url)
        (self.folder / "shelf").mkdir()
        with psycopg.connect(self.service_url) as connection:
            connection.execute("create table effects (what text)")
        with psycopg.connect(
            self.database.owner_url
        ) as connection:  # worlds share a cluster: no two runs have a name
            connection.execute(f"alter sequence numbers restart with {self.index * 1000}")

    @property
    def service(self) -> dict[str, Any]:
        """The service of the catalogue, as a story begins to change it."""
        made: dict[str, Any] = json.loads(json.dumps(CATALOGUE["services"]["api"]))
        made["source"] = {"repository": self.repository.url}
        place = made["environments"]["production"]
        place |= {"channels": {"deploys": self.slack.channels[CHANNEL]}, "database": "API_DATABASE"}
        return made

    def write(self, service: Mapping[str, Any], books: Mapping[str, str], **whole: Any) -> None:
        """The catalogue and its documents; `whole` goes over the catalogue."""
        groups = {name: {"slack": found} for name, found in self.slack.groups.items()}
        made = {**CATALOGUE, "services": {"api": service}, "groups": groups, "library": ["shelf"], **whole}
        (self.folder / "opsbot.yaml").write_text(yaml.safe_dump(made))
        for name, text in books.items():
            (self.folder / "shelf" / f"{name}.md").write_text(text)

    def release(self, tag: str, files: Mapping[str, str]) -> str:
        """A version of the service, with these files more; its tag."""
        self.repository.commit(dict(files), tag=tag)
        return tag

    async def serve(self, at: str = "") -> Serving:
        """Start `opsbot serve`, which dies at this point."""
        self.serving = await self.starter.start({**self.environment, AT: at, POINTS: str(self.points_file)})
        return self.serving

    async def ends(self) -> None:
        """Nobody serves any more."""
        if self.serving is not None:
            await self.serving.kill()

    async def runs(self, born: int) -> dict[str, Json]:
        """The states of the runs that began after that."""
        return {name.partition("/")[2]: json.loads(state) for _, name, state in await self._rows(RUNS, born=born)}

    async def born(self) -> int:
        """How many streams began so far."""
        [(born,)] = await self._rows(BORN)
        return int(born)

    async def busy(self) -> list[str]:
        """What is under way, or soon due."""
        return [str(key) for (key,) in await self._rows(BUSY)]

    async def held(self) -> bool:
        """Whether deploys are held since a rollback."""
        return bool(await self._rows(HELD))

    async def messages(self, run: str) -> list[Message]:
        """What stands of a run where its card does."""
        found = await self.slack.person("riley").messages(CHANNEL)
        return [message for message in found if key_of(message).startswith(f"run/{run}/")]

    @property
    def posted(self) -> Counter[str]:
        """How often Slack took a message of each key, and made a channel of each name; since the journal began."""
        posts, made = (self.slack.journal.calls(method) for method in ("chat.postMessage", "conversations.create"))
        keys = [f"{call.args['channel']} {call.args['blocks'][0]['block_id']}" for call in posts if _was_done(call)]
        return Counter([*keys, *(str(call.args["name"]) for call in made if _was_done(call))])

    @property
    def points_file(self) -> Path:
        """Where the processes of the last play wrote down what they passed."""
        return self.folder / f"points-{self.number}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process finds in its environment."""
        return {
            "PATH": os.environ["PATH"],
            "OPSBOT_DATABASE_URL": self.database.url,
            "OPSBOT_CATALOGUE": str(self.folder / "opsbot.yaml"),
            "OPSBOT_STATE_FOLDER": str(self.folder / "var"),
            "OPSBOT_LEASE_SECONDS": str(LEASE),
            "API_DATABASE": self.service_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            LOG: str(self.folder / "log"),
            **self.more,
        }

    async def _rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        return await self.records.rows(query, **values)


def _was_done(call: Any) -> bool:
    return isinstance(call.response, dict) and bool(call.response.get("ok"))
