"""Canary secrets, printed by a command, told by a migration and a person: nowhere in database, log, Slack or pack."""

import base64
import io
import logging
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bot.auditing import Wanted, audit
from bot.settings import Settings
from bot.telemetry.logs import Redacting
from bot.wiring import Services, read_configuration, services
from runbooks.engine import asks
from runbooks.redaction import HIDDEN, Redactor
from runbooks.runs.state import Run, Status
from runbooks.vocabulary import Actor
from sandbox.slack import LocalSlack
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.repositories import Repository
from tests.fixtures.store import StoreDatabase

pytestmark = pytest.mark.slack

PASSWORD, NAMED, KEY = "canary-of-the-database", "canary-named-like-a-secret", "canary of a signing secret"
SHAPED = ["ghp" + "_" + "c4Na" * 9, "xoxb" + "-1234567890-canarycanary", "AKIA" + "CANARYCANARYCANA"]
DOCUMENT = """---
id: leaking
title: Leaking
---

# Leaking

## Deploy
- [ ] Say it
  ```step
  id: say
  uses: command
  command: say
  ```
- [ ] Migrate
  ```step
  id: migrate
  uses: migrations.apply
  on-failure: {finding: deploy-failed, then: stop}
  ```
"""
LEAKS = """do $$ declare told text; begin
  select string_agg(what, ' ') into told from canaries;
  raise exception 'it said %', told using detail = told, hint = told;
end $$;
"""


@dataclass(frozen=True)
class Leaking:
    """A bot whose deploy tells all that is secret."""

    settings: Settings
    slack: LocalSlack
    database: StoreDatabase
    service_url: str
    canaries: tuple[str, ...]


@pytest.fixture
def leaking(
    tmp_path: Path,
    store_database: StoreDatabase,
    database: DatabaseFactory,
    local_slack: LocalSlack,
    monkeypatch: pytest.MonkeyPatch,
) -> Leaking:
    canaries = (PASSWORD, NAMED, KEY, local_slack.bot_token, *SHAPED)
    coded = tuple(base64.b64encode(each.encode()).decode() for each in canaries[:4])
    (tmp_path / "canaries").write_text("\n".join([*canaries, *coded, f"password={PASSWORD}"]))
    service = database()
    with psycopg.connect(service) as connection:
        connection.execute("create table canaries (what text)")
        connection.cursor().executemany("insert into canaries values (%s)", [(each,) for each in (*canaries, *coded)])
    repository = Repository(tmp_path / "service")
    repository.commit({"db/021_leaks.sql": LEAKS, "db/021_rollback.sql": "select 1;"})
    environment = {
        "OPSBOT_DATABASE_URL": store_database.url,
        "SLACK_BOT_TOKEN": local_slack.bot_token,
        "SLACK_API_URL": local_slack.api_url,
        "SLACK_SIGNING_SECRET": KEY,
        "LEAKING_DATABASE": make_conninfo(service, password=PASSWORD),
        "LEAKING_PASSWORD": PASSWORD,
        "MADE_UP_API_TOKEN": NAMED,
        "LEAKING_KUBECONFIG": "/nowhere/kubeconfig",
        "OPSBOT_CATALOGUE": str(_catalogue(tmp_path, repository, local_slack)),
        "OPSBOT_STATE_FOLDER": str(tmp_path / "state"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Leaking(Settings.load(), local_slack, store_database, service, (*canaries, *coded))


def _catalogue(folder: Path, repository: Repository, slack: LocalSlack) -> Path:
    (folder / "library").mkdir()
    (folder / "library" / "leaking.md").write_text(DOCUMENT)
    says = "import sys; told = open(sys.argv[1]).read(); print(told); print(told, file=sys.stderr)"
    place = {
        "cluster": "main",
        "namespace": "prod",
        "channels": {"deploys": slack.channels["deploys"]},
        "deployers": ["everybody"],
        "rollers-back": ["everybody"],
        "approval": {"group": "everybody"},
        "database": "LEAKING_DATABASE",
    }
    api = {
        "image": "registry.example/api",
        "source": {"repository": repository.url},
        "workloads": [{"deployment": "api", "containers": ["web"]}],
        "commands": {"say": {"run": [sys.executable, "-c", says, str(folder / "canaries")], "runner": "local"}},
        "migrations": {"folder": "db"},
        "runbooks": {"deploy": "leaking", "rollback": "rollback-procedures/emergency"},
        "default-environment": "here",
        "environments": {"here": place},
    }
    told = {
        "library": [str(folder / "library")],
        "groups": {"everybody": {"members": [slack.users["riley"], slack.users["alex"]]}},
        "clusters": {"main": {"kubeconfig": "LEAKING_KUBECONFIG"}},
        "services": {"api": api},
    }
    (folder / "opsbot.yaml").write_text(yaml.safe_dump(told))
    return folder / "opsbot.yaml"


async def test_they_are_nowhere(leaking: Leaking, tmp_path: Path) -> None:
    with _logged(leaking.settings) as log:
        async with services(leaking.settings, read_configuration(leaking.settings)) as bot:
            run = await _deployed(bot, leaking.slack, said=" ".join(leaking.canaries))
        assert run.status is Status.FAILED
        today = datetime.now(UTC).date()
        days = (str(today - timedelta(days=1)), str(today))
        await audit(leaking.settings, Wanted("api", *days, "", tmp_path / "pack.zip"))
    riley = leaking.slack.person("riley")
    shown = [str(vars(message)) for channel in leaking.slack.channels for message in await riley.messages(channel)]
    places = {
        "database": _everything(leaking.database.owner_url),
        "ledger": _everything(leaking.service_url, without="canaries"),
        "log": log.getvalue(),
        "Slack": "\n".join(shown),
        "pack": _unzipped(tmp_path / "pack.zip"),
    }
    assert [(place, canary) for place, text in places.items() for canary in leaking.canaries if canary in text] == []
    lacking = [place for place, text in places.items() if place not in ("ledger", "log") and HIDDEN not in text]
    assert lacking == [], "what was said did not get there at all, so nothing is shown by its absence"


@contextmanager
def _logged(settings: Settings) -> Iterator[io.StringIO]:
    """All that the bot's log says meanwhile, as `serve` has it, down to the last detail."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.addFilter(Redacting(Redactor(settings.secrets())))
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)


async def _deployed(bot: Services, slack: LocalSlack, *, said: str) -> Run:
    """A deploy of main, asked for by one and approved by another, to its end, with all its messages sent.

    Before it, somebody declares an incident in these words.
    """
    riley, alex = (Actor(f"{slack.workspace.team_id}/{slack.users[name]}") for name in ("riley", "alex"))
    accepted, text = await bot.edge.submit(asks.Declare("api", "", said), by=riley, key="none")
    assert accepted, text
    accepted, text = await bot.edge.submit(asks.Deploy("api", "main"), by=riley, key="one")
    assert accepted, text
    await _works(bot)
    [(_, run)] = await bot.store.latest("run/", 1)
    accepted, text = await bot.edge.submit(asks.Approve(run.id, run.digest), by=alex, key="two")
    assert accepted, (text, run)
    await _works(bot)
    [(_, run)] = await bot.store.latest("run/", 1)
    assert isinstance(run, Run)
    return run


async def _works(bot: Services) -> None:
    handlers: dict[str, Any] = {"run": bot.advance.advance, "messages": bot.deliveries.deliver}
    while (lease := await bot.store.claim(list(handlers))) is not None:
        await bot.store.finish(lease, await handlers[lease.work.kind](lease))


def _everything(url: str, *, without: str = "") -> str:
    """Every row of every table, in words; bytes as the text they are."""
    tables = "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
    found: list[str] = []
    with psycopg.connect(url) as connection:
        for schema, name in connection.execute(tables + " and table_schema not like 'pg_%'").fetchall():
            if name != without and schema != "information_schema":
                rows = connection.execute(sql.SQL("select * from {}").format(sql.Identifier(schema, name))).fetchall()
                found += [_text(value) for row in rows for value in row]
    return "\n".join(found)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _unzipped(path: Path) -> str:
    with zipfile.ZipFile(path) as zipped:
        return "\n".join(zipped.read(name).decode(errors="replace") for name in zipped.namelist())
