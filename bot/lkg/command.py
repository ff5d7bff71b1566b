"""`opsbot lkg` on the command line."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from bot import embedded
from bot.adapters.postgres.preflight import assert_migrated
from bot.lkg import exporting, importing, verifying
from bot.settings import Settings

FINE, FAILED = 0, 1
_ABOUT = (
    "A bundle is one known good release as a file that stands alone: the pod template of every Deployment, its "
    "images by digest, hashes of its ConfigMaps, the names of its Secrets, the migrations that stood, its KPIs, and "
    "who approved it. Its name is its SHA-256. Keep it outside the cluster, and outside the database."
)


def add(commands: Any) -> None:
    """Add `lkg` with its three commands to the parser."""
    lkg = commands.add_parser("lkg", help="a known good release as a file, checked, and back", description=_ABOUT)
    three = lkg.add_subparsers(required=True, metavar="COMMAND")
    export = three.add_parser(
        "export",
        help="write a known good release into a file",
        description="Writes a known good release into a new file that only you can read, named by its SHA-256 "
        "unless you name it. A secret that stands in a template in plain text is not kept: it is said which "
        "Deployment can't be restored from the file for it.",
    )
    export.add_argument("service")
    export.add_argument("environment")
    export.add_argument("file", nargs="?", default="", metavar="FILE", help="a new file, a folder, or - to print it")
    export.add_argument("--version", default="", help="another than the last known good")
    export.set_defaults(do=_export)
    verify = three.add_parser(
        "verify",
        help="say whether a bundle is whole, and would be taken back",
        description="Checks the file's SHA-256 and its shape, and that the catalogue has its service, environment "
        "and workloads. Exit code 1 where something keeps it from being restored.",
    )
    _add_file(verify)
    verify.add_argument(
        "--against-cluster",
        action="store_true",
        help="also try the restore as a dry run, and say what drifted: ConfigMaps by hash, Secrets by name",
    )
    verify.set_defaults(do=_verify)
    back = three.add_parser(
        "import",
        help="record a bundle among what was good of its place",
        description="Records a bundle, so that /rollback can go to it: as the last known good where none is newer. "
        "Refused while a run changes the place. The same bundle is recorded once.",
    )
    _add_file(back)
    back.add_argument("--reason", required=True, metavar="TEXT", help="why, for the record")
    back.set_defaults(do=_import)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--digest", default="", metavar="SHA256", help="that it must have; else the one in its name")


def _export(asked: argparse.Namespace) -> int:
    wanted = exporting.Wanted(asked.service, asked.environment, asked.file, asked.version)
    with embedded.database(Settings.load("database_url")) as settings:
        asyncio.run(assert_migrated(settings.database_url.get_secret_value()))
        bundle = asyncio.run(exporting.exported(settings, wanted))
    if asked.file == "-":
        sys.stdout.write(bundle.text)
        print("\n".join([exporting.told(bundle), *exporting.lacks(bundle)]), file=sys.stderr)
    else:
        print(exporting.write(bundle, wanted))
    return FINE


def _verify(asked: argparse.Namespace) -> int:
    found = verifying.verify(Settings.load(), asked.file, digest=asked.digest, against_cluster=asked.against_cluster)
    verdict = asyncio.run(found)
    print("\n".join(verdict.lines))
    return FINE if verdict.good else FAILED


def _import(asked: argparse.Namespace) -> int:
    wanted = importing.Wanted(asked.file, asked.reason, asked.digest)
    with embedded.database(Settings.load("database_url")) as settings:
        asyncio.run(assert_migrated(settings.database_url.get_secret_value()))
        print(asyncio.run(importing.import_bundle(settings, wanted)))
    return FINE
