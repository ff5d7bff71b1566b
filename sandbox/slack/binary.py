"""Fetches the local Slack's program: one file, from one npm package of one version, checked against its hash."""

import base64
import hashlib
import platform
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "local-slack-linux-x64"
VERSION = "0.1.8"
_SHA512 = "2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg=="
_PROGRAM = "package/bin/local-slack"


class SlackUnavailable(Exception):
    """The local Slack can't be had on this machine; the message says why and what to do instead."""


def local_slack_program(folder: Path) -> Path:
    """The program's path below `folder`, fetched if it is not there yet."""
    program = folder / f"{PACKAGE}-{VERSION}" / "local-slack"
    if not program.exists():
        _check_platform()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="local-slack-") as place:
            fetched = _unpacked(_fetched(Path(place)))
            program.parent.mkdir(exist_ok=True)
            fetched.replace(program)
    return program


def _check_platform() -> None:
    here = (platform.system(), platform.machine())
    if here != ("Linux", "x86_64"):
        raise SlackUnavailable(
            f"The local Slack is made for Linux on x86_64, and this is {' on '.join(here)}. "
            "Use a workspace of your own: create the app from deploy/slack-manifest.yaml."
        )


def _fetched(place: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise SlackUnavailable("The local Slack comes with npm, and there is no npm on the path. Install Node.js 20.")
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", str(place)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=place, check=False)
    if result.returncode:
        raise SlackUnavailable(f"npm could not fetch {PACKAGE} {VERSION}: {result.stderr.strip()}")
    return next(place.glob("*.tgz"))


def _unpacked(package: Path) -> Path:
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if digest != _SHA512:
        raise SlackUnavailable(f"{PACKAGE} {VERSION} is not what it was: its SHA-512 is {digest}, not {_SHA512}")
    program = package.with_name("local-slack")
    with tarfile.open(package) as archive, program.open("wb") as target:
        source = archive.extractfile(_PROGRAM)
        if source is None:
            raise SlackUnavailable(f"{PACKAGE} {VERSION} holds no {_PROGRAM}")
        shutil.copyfileobj(source, target)
    program.chmod(0o755)
    return program
