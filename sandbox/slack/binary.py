"""Fetches the local Slack's program: one file, from one npm package of one version, checked against its hash."""

import platform
import shutil
import tarfile
from functools import partial
from pathlib import Path

from sandbox.cache import cache_folder, cached
from sandbox.slack.npm import Package, SlackUnavailable
from sandbox.toolchain import Say

PACKAGE = "local-slack-linux-x64"
VERSION = "0.1.8"
_SHA512 = "2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg=="
_PACKAGE = Package(PACKAGE, VERSION, _SHA512)
_PROGRAM = "package/bin/local-slack"


def local_slack_program(say: Say = print) -> Path:
    """The program's path in the cache, fetched if it is not there yet (37 MB)."""
    _check_platform()
    folder = cache_folder() / f"{PACKAGE}-{VERSION}"
    return cached(folder, partial(_fill, say=say)) / "local-slack"


def _check_platform() -> None:
    here = (platform.system(), platform.machine())
    if here != ("Linux", "x86_64"):
        raise SlackUnavailable(
            f"The local Slack is made for Linux on x86_64, and this is {' on '.join(here)}. "
            "Use a workspace of your own: create the app from deploy/slack-manifest.yaml."
        )


def _fill(folder: Path, *, say: Say) -> None:
    say(f"Fetching the local Slack {VERSION}")
    package = _PACKAGE.fetch(folder, say)
    unpack(package, folder / "local-slack")
    package.unlink()


def unpack(package: Path, program: Path) -> None:
    """Take the program out of the package, if the package is the one that is known."""
    _PACKAGE.check(package)
    with tarfile.open(package) as archive, program.open("wb") as target:
        source = archive.extractfile(_PROGRAM)
        if source is None:
            raise SlackUnavailable(f"{PACKAGE} {VERSION} holds no {_PROGRAM}")
        shutil.copyfileobj(source, target)
    program.chmod(0o755)
