"""Fetches one npm package of one version, checked against its hash."""

import base64
import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.toolchain import Say, ToolchainMissing, node


class SlackUnavailable(Exception):
    """A Slack of the sandbox can't be had on this machine; the message says why and what to do instead."""


@dataclass(frozen=True)
class Package:
    """A package as it is known."""

    name: str
    version: str
    sha512: str  # in base64, as npm tells it

    def fetch(self, folder: Path, say: Say) -> Path:
        """Its archive, in this folder. Raises SlackUnavailable."""
        try:
            environment = node(say).environment
        except ToolchainMissing as error:
            raise SlackUnavailable(f"{self.name} comes with npm: {error}") from error
        npm = shutil.which("npm", path=environment["PATH"]) or "npm"
        command = [npm, "pack", f"{self.name}@{self.version}", "--silent", "--pack-destination", str(folder)]
        result = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
        if result.returncode:
            raise SlackUnavailable(f"npm could not fetch {self.name} {self.version}: {result.stderr.strip()}")
        return next(folder.glob("*.tgz"))

    def check(self, archive: Path) -> None:
        """Raises SlackUnavailable where this is another archive."""
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != self.sha512:
            raise SlackUnavailable(
                f"{self.name} {self.version} is not what it was: its SHA-512 is {digest}, not {self.sha512}"
            )
