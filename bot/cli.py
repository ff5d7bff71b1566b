"""`opsbot`: serve, migrate, adopt, drill, lkg, audit, doctor, verify, backup, and runbooks on the command line."""

import argparse
import asyncio
import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from bot import adopting, auditing, backup, catalogue_file, drill_command, embedded, runbooks_cli, schemas, serving
from bot.adapters.postgres.migrate import MigrationRefused, grant_login, migrate
from bot.adapters.postgres.pool import understood
from bot.adapters.postgres.preflight import NotReady, assert_migrated, wait_until_reachable
from bot.adapters.postgres.verify import faults
from bot.doctor import command as doctoring
from bot.kinds import known
from bot.lkg import command as bundles
from bot.lkg.files import NoBundle
from bot.settings import Settings, SettingsError, secrets_around
from bot.telemetry import logs
from runbooks.documents.errors import DocumentError
from runbooks.folds import folds
from runbooks.redaction import Redactor
from runbooks.store import OlderRelease, StoreUnavailable

FINE, FAILED, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers its exit code. What is wrong is said in a sentence, never as a traceback."""
    asked = _parser().parse_args(arguments)
    if not logging.getLogger().handlers:  # a program that calls this has a log of its own
        logging.basicConfig()
        logs.begin(level="WARNING", machine=False, redactor=Redactor(secrets_around()))
    try:
        return int(asked.do(asked))
    except (
        SettingsError,
        DocumentError,
        adopting.NotAdopted,
        auditing.NotAudited,
        backup.NoBackup,
        drill_command.NotBegun,
        NoBundle,
    ) as cause:
        print(cause, file=sys.stderr)
        return UNUSABLE
    except (NotReady, MigrationRefused, OlderRelease) as cause:
        print(_sentence(cause), file=sys.stderr)
        return UNUSABLE
    except StoreUnavailable as cause:
        print(
            f"{_sentence(cause)} Nothing was done. See that the database runs, and that its URL is right.",
            file=sys.stderr,
        )
        return FAILED
    except KeyboardInterrupt:
        return 130


def _sentence(cause: Exception) -> str:
    """What an adapter says, as a sentence of its own."""
    said = str(cause).rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="opsbot", description="Runs written runbooks on production, from Slack.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("serve", help="listen to Slack and work").set_defaults(do=_serve)
    commands.add_parser("migrate", help="bring Opsbot's own database up to date").set_defaults(do=_migrate)
    adopt = commands.add_parser("adopt", help="record what runs now as the last known good")
    adopt.add_argument("service")
    adopt.add_argument("environment")
    adopt.add_argument("--version", default="", help="which it is, where its image is named by its digest alone")
    adopt.set_defaults(do=_adopt)
    drill = commands.add_parser(
        "drill",
        help="take an environment forward and back again, to see that the way back works",
        description="Begins a drill, once the environment's approvers have approved its plan on its card in Slack. "
        "`opsbot serve` does it. The catalogue says by `drill` where that may be.",
    )
    drill.add_argument("service")
    drill.add_argument("environment")
    drill.add_argument("version", nargs="?", default="", help="where to; else the newest one that does not run there")
    drill.set_defaults(do=_drill)
    bundles.add(commands)
    audit = commands.add_parser(
        "audit",
        help="make an audit pack of a service and a period, for one tenant or whole",
        description="Makes an audit pack into a file. No approval is asked for here: who has the database's URL can "
        "read all of it anyway. Who made which pack is recorded all the same.",
    )
    audit.add_argument("service")
    audit.add_argument("first", metavar="FROM", help="such as 2026-11-01, in UTC")
    audit.add_argument("last", metavar="TO", help="the last day, included")
    audit.add_argument("--tenant", default="", metavar="CODE", help="with nothing of another tenant in it")
    audit.add_argument("--out", type=Path, required=True, metavar="FILE.zip", help="a new file")
    audit.set_defaults(do=_audit)
    doctor = commands.add_parser("doctor", help="check every connection, right and setting, and say how to mend them")
    doctor.add_argument("--json", action="store_true", help="for machines")
    doctor.add_argument("--timeout", type=_seconds, default=doctoring.WITHIN, metavar="SECONDS", help="of each check")
    doctor.set_defaults(do=lambda asked: doctoring.run(known=known(), for_machines=asked.json, within=asked.timeout))
    commands.add_parser("verify", help="check every chain of events and every stored state").set_defaults(do=_verify)
    kept = commands.add_parser("backup", help="check a backup").add_subparsers(required=True, metavar="COMMAND")
    whole = kept.add_parser(
        "check",
        help="restore a dump beside everything, and verify every chain and state in it",
        description="Restores what pg_dump wrote of Opsbot's own database, plain or custom, into a server of its own "
        "that is gone afterwards, and verifies it. It needs room in the temporary folder, and no settings.",
    )
    whole.add_argument("file", type=Path, metavar="FILE")
    whole.set_defaults(do=_backup_check)
    schema = commands.add_parser("schema", help="print a JSON Schema, for editors")
    schema.add_argument("name", choices=schemas.NAMES)
    schema.set_defaults(do=_schema)
    books = commands.add_parser("runbooks", help="check and show documents").add_subparsers(
        required=True, metavar="COMMAND"
    )
    check = books.add_parser("check", help="say what is wrong with documents, file:line")
    check.add_argument("paths", nargs="+", metavar="PATH")
    check.set_defaults(do=lambda asked: runbooks_cli.check(asked.paths, known=known()))
    show = books.add_parser("show", help="print a runbook as a person reads it")
    show.add_argument("name", metavar="NAME")
    show.set_defaults(do=lambda asked: runbooks_cli.show(asked.name, known=known(), folders=_own_folders()))
    return parser


def _seconds(typed: str) -> float:
    """Seconds in which something can be done."""
    try:
        seconds = float(typed)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"“{typed}” is no number of seconds above 0, such as {doctoring.WITHIN:g}")
    return seconds


def _own_folders() -> Sequence[Path]:
    """The team's own runbooks, where there is a catalogue."""
    path = Settings.load().catalogue
    return catalogue_file.load(path).folders if path.is_file() else ()


def _schema(asked: argparse.Namespace) -> int:
    print(schemas.schema(asked.name), end="")
    return FINE


def _serve(_asked: argparse.Namespace) -> int:
    needs = ("database_url", "slack_bot_token", "slack_app_token|slack_signing_secret")
    with embedded.database(Settings.load(*needs)) as settings:
        return asyncio.run(serving.serve(settings))


def _migrate(_asked: argparse.Namespace) -> int:
    if Settings.load("database_url").embedded:
        print("Nothing to apply: the embedded database is brought up to date whenever it is used.")
        return FINE
    settings = Settings.load("owner_database_url", "database_url")
    owner, bot = settings.owner_database_url.get_secret_value(), settings.database_url.get_secret_value()
    understood(bot)
    asyncio.run(wait_until_reachable(owner))
    done = migrate(owner)
    grant_login(owner, bot)
    print(f"Applied {', '.join(done)}." if done else "Nothing to apply: the database is up to date.")
    return FINE


def _adopt(asked: argparse.Namespace) -> int:
    with embedded.database(Settings.load("database_url")) as settings:
        asyncio.run(assert_migrated(settings.database_url.get_secret_value()))
        print(asyncio.run(adopting.adopt(settings, asked.service, asked.environment, version=asked.version)))
    return FINE


def _drill(asked: argparse.Namespace) -> int:
    with embedded.database(Settings.load("database_url")) as settings:
        asyncio.run(assert_migrated(settings.database_url.get_secret_value()))
        print(asyncio.run(drill_command.drill(settings, asked.service, asked.environment, version=asked.version)))
    return FINE


def _audit(asked: argparse.Namespace) -> int:
    wanted = auditing.Wanted(asked.service, asked.first, asked.last, asked.tenant, asked.out)
    with embedded.database(Settings.load("database_url")) as settings:
        asyncio.run(assert_migrated(settings.database_url.get_secret_value()))
        print(asyncio.run(auditing.audit(settings, wanted)))
    return FINE


def _backup_check(asked: argparse.Namespace) -> int:
    found = backup.check(asked.file)
    print(found.said)
    return FINE if found.whole else FAILED


def _verify(_asked: argparse.Namespace) -> int:
    with embedded.database(Settings.load("database_url")) as settings:
        url = settings.database_url.get_secret_value()
        asyncio.run(assert_migrated(url))
        found = asyncio.run(faults(url, folds()))
    print("\n".join(found) if found else "Every chain is whole, and every state is what its events make.")
    return FAILED if found else FINE
