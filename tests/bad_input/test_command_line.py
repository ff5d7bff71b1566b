"""`opsbot` on the command line: exit codes, and a sentence instead of a traceback."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import yaml

from bot import cli
from bot.settings import Settings
from sandbox.postgres import PostgresServer
from tests.engine.world import CATALOGUE
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.store import BOT_USER, StoreDatabase, as_user

NAMES = [str(field.validation_alias) for field in Settings.model_fields.values()]
NOWHERE = "postgresql://opsbot@127.0.0.1:1/ops"
Opsbot = Callable[..., tuple[int, str, str]]


@pytest.fixture
def opsbot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Opsbot:
    """Run `opsbot ARGUMENTS` with these variables and in an empty folder; exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    for name in {*NAMES, "DATABASE"} & os.environ.keys():
        monkeypatch.delenv(name)

    def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = cli.main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def slack(url: str) -> dict[str, str]:
    """Enough of an environment to serve."""
    return {"OPSBOT_DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-example", "SLACK_APP_TOKEN": "xapp-example"}


def catalogue(folder: Path, **changes: object) -> Path:
    """`opsbot.yaml` in this folder."""
    shelf = folder / "shelf"
    shelf.mkdir()
    for name in ("deploy", "back"):
        (shelf / f"{name}.md").write_text("# One line\n\n- [ ] Look\n")
    path = folder / "opsbot.yaml"
    path.write_text(yaml.safe_dump({**CATALOGUE, "library": ["shelf"], **changes}))
    return path


def test_missing_variables_are_named_all_at_once(opsbot: Opsbot) -> None:
    assert opsbot("serve") == (
        2,
        "",
        "OPSBOT_DATABASE_URL is not set; .env.example says what it is for.\n"
        "SLACK_BOT_TOKEN is not set; .env.example says what it is for.\n"
        "SLACK_APP_TOKEN is not set; .env.example says what it is for.\n",
    )


def test_a_variable_that_says_nothing_usable(opsbot: Opsbot) -> None:
    code, _, said = opsbot("verify", OPSBOT_DATABASE_URL=NOWHERE, OPSBOT_HEALTH_PORT="high")
    assert code == 2
    assert said.startswith("OPSBOT_HEALTH_PORT can't be used: input should be a valid integer")


def test_no_catalogue(opsbot: Opsbot) -> None:
    code, _, said = opsbot("serve", **slack(NOWHERE))
    assert (code, said) == (
        2,
        "opsbot.yaml:1: the catalogue can't be read: No such file or directory; "
        "OPSBOT_CATALOGUE names the file, and deploy/opsbot.example.yaml shows what stands in it\n",
    )


def test_a_fault_in_the_catalogue_is_told_with_its_line(opsbot: Opsbot, tmp_path: Path) -> None:
    path = catalogue(tmp_path)
    path.write_text(path.read_text().replace("rollers-back:", "rolers-back:"))
    line = path.read_text().split("\n").index("        rolers-back:") + 1
    code, _, said = opsbot("serve", **slack(NOWHERE))
    assert code == 2
    assert said.startswith(f"opsbot.yaml:{line}: ")
    assert "`rolers-back`" in said
    assert "did you mean `rollers-back`?" in said


def test_a_fault_in_a_runbook_is_told_with_its_line(opsbot: Opsbot, tmp_path: Path) -> None:
    catalogue(tmp_path)
    (tmp_path / "shelf" / "deploy.md").write_text("# Two\n\n- [ ] Run\n  ```step\n  uses: anounce\n  ```\n")
    code, _, said = opsbot("serve", **slack(NOWHERE))
    assert (code, said) == (2, "shelf/deploy.md:5: there is no step `anounce`; did you mean `announce`?\n")


def test_a_runbook_that_is_not_there(opsbot: Opsbot, tmp_path: Path) -> None:
    catalogue(tmp_path)
    (tmp_path / "shelf" / "deploy.md").unlink()
    code, _, said = opsbot("serve", **slack(NOWHERE))
    assert code == 2
    assert re.match(r"opsbot\.yaml:\d+: there is no runbook `deploy`; ", said)


def test_a_variable_that_the_catalogue_names_and_nobody_set(opsbot: Opsbot, tmp_path: Path) -> None:
    catalogue(tmp_path, clusters={"main": {"kubeconfig": "NO_SUCH_KUBECONFIG"}})
    code, _, said = opsbot("serve", **slack(NOWHERE))
    assert code == 2
    assert re.fullmatch(r"NO_SUCH_KUBECONFIG is not set; it is named in opsbot\.yaml:\d+\.\n", said)


def test_a_database_that_is_not_there_ends_the_start_with_1(opsbot: Opsbot, tmp_path: Path) -> None:
    catalogue(tmp_path)
    assert Settings.model_fields["start_seconds"].default == 30  # seconds
    began = time.monotonic()
    code, _, said = opsbot("serve", **slack(NOWHERE), OPSBOT_START_SECONDS="1")
    assert code == 1
    assert time.monotonic() - began > 0.5, "it may come yet"
    assert said.startswith("No database at 127.0.0.1:1/ops after 1 s: ")
    assert said.endswith(". Nothing was done. See that the database runs, and that its URL is right.\n")
    code, _, said = opsbot("verify", OPSBOT_DATABASE_URL=NOWHERE)
    assert code == 1
    assert said.startswith("The database did not answer: ")


def test_migrate_once_and_again_and_then_serve_as_the_owner(
    opsbot: Opsbot, database: DatabaseFactory, tmp_path: Path
) -> None:
    catalogue(tmp_path)
    owner = database()
    bot = as_user(owner, BOT_USER)
    variables = {"OPSBOT_DATABASE_URL": bot, "OPSBOT_OWNER_DATABASE_URL": owner}
    code, _, said = opsbot("serve", **slack(owner))
    assert (code, said.startswith("The database lacks 001_store.sql, ")) == (2, True)
    assert said.endswith(": run `opsbot migrate` with the owner's URL.\n")
    code, said, _ = opsbot("migrate", **variables)
    assert (code, said.startswith("Applied 001_store.sql, 002_messages.sql")) == (0, True)
    assert opsbot("migrate", **variables) == (0, "Nothing to apply: the database is up to date.\n", "")
    code, _, said = opsbot("serve", **slack(owner))
    assert code == 2
    assert said == (
        "The database role postgres is a superuser, owns the tables, may change or delete events, may create tables: "
        "connect as the bot's own user, which `opsbot migrate` lets in.\n"
    )


def test_migrate_without_the_owner(opsbot: Opsbot, store_database: StoreDatabase) -> None:
    code, _, said = opsbot("migrate", OPSBOT_DATABASE_URL=store_database.url)
    assert (code, said) == (2, "OPSBOT_OWNER_DATABASE_URL is not set; .env.example says what it is for.\n")
    owner = store_database.owner_url
    code, _, said = opsbot("migrate", OPSBOT_DATABASE_URL=owner, OPSBOT_OWNER_DATABASE_URL=owner)
    assert (code, said) == (
        2,
        "The database user postgres is the owner or a superuser: the bot needs one of its own.\n",
    )
    url = store_database.url
    code, _, said = opsbot("migrate", OPSBOT_DATABASE_URL=url, OPSBOT_OWNER_DATABASE_URL=url)
    assert (code, said) == (
        2,
        f"The database does not let {BOT_USER} do that (permission denied for schema public): "
        "use the URL of the role that owns the tables, and that may create roles.\n",
    )


def test_verify_says_whether_the_house_is_whole(opsbot: Opsbot, store_database: StoreDatabase) -> None:
    code, said, _ = opsbot("verify", OPSBOT_DATABASE_URL=store_database.url)
    assert (code, said) == (0, "Every chain is whole, and every state is what its events make.\n")
    with psycopg.connect(store_database.owner_url) as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute("insert into reservations values ('main/prod/api', 'run/D-1')")
    code, said, _ = opsbot("verify")
    assert (code, said) == (1, "run/D-1: holds main/prod/api, which its state does not\n")


def test_verify_of_a_database_that_is_not_ours(opsbot: Opsbot, database: DatabaseFactory) -> None:
    code, _, said = opsbot("verify", OPSBOT_DATABASE_URL=database())
    assert code == 2
    assert said.startswith("The database lacks 001_store.sql, ")


def test_verify_as_a_stranger(opsbot: Opsbot, store_database: StoreDatabase, postgres_server: PostgresServer) -> None:
    postgres_server.create_role("stranger")
    code, _, said = opsbot("verify", OPSBOT_DATABASE_URL=as_user(store_database.url, "stranger"))
    assert (code, said) == (
        2,
        "The database role stranger may not read the tables: connect as the bot's own user, "
        "which `opsbot migrate` lets in.\n",
    )


def test_adopt_of_a_service_that_is_not_there(opsbot: Opsbot, store_database: StoreDatabase, tmp_path: Path) -> None:
    catalogue(tmp_path, clusters={"main": {"kubeconfig": "SOME_KUBECONFIG"}})
    variables = {"OPSBOT_DATABASE_URL": store_database.url, "SOME_KUBECONFIG": str(tmp_path / "none")}
    code, _, said = opsbot("adopt", "apy", "production", **variables)
    assert (code, said) == (2, "There is no service 'apy'. Did you mean api? Nothing was recorded.\n")
    code, _, said = opsbot("adopt", "api", "prodution", **variables)
    assert (code, said) == (
        2,
        "There is no environment 'prodution'. Did you mean production? Nothing was recorded.\n",
    )


@pytest.mark.parametrize(
    "command",
    ["verify", "adopt api production", "audit api 2026-11-01 2026-11-02 --out pack.zip", "migrate"],
)
def test_an_address_that_nobody_understands_is_not_shown(opsbot: Opsbot, command: str) -> None:
    url = "postgresql://opsbot:made-up-password@[::1/ops"
    assert opsbot(*command.split(), OPSBOT_DATABASE_URL=url, OPSBOT_OWNER_DATABASE_URL=NOWHERE) == (
        1,
        "",
        "The database's URL is not one that PostgreSQL understands. "
        "Nothing was done. See that the database runs, and that its URL is right.\n",
    )


@pytest.mark.parametrize("given", ["-1", "0", "nan", "inf", "soon"])
def test_a_time_in_which_nothing_can_be_checked(
    opsbot: Opsbot, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        opsbot("doctor", "--timeout", given)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"argument --timeout: “{given}” is no number of seconds above 0, such as 5" in said
