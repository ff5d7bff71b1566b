"""Another Slack on this machine, npm's `emulate` 0.11.2: it keeps messages' metadata, which the local one drops.

It answers the Web API alone, without page, sockets or people. A later version of that name is another program.
"""

import socket
import subprocess
import tarfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from sandbox.cache import cache_folder, cached
from sandbox.slack.npm import Package, SlackUnavailable
from sandbox.toolchain import Say, ToolchainMissing, node

_SHA512 = "BHs1rG/yPQ4kM+9aUz7fg4MDn0MshxOs0Ch2ciuNFPsN4PfCxQWP/9DGFZx+h+RvcIwX5n+hV308Ba7SxBc6nQ=="
_PACKAGE = Package("emulate", "0.11.2", _SHA512)
_CODE = "package/dist/api.js"  # it needs no other package
_START_SECONDS = 30
_SERVE = """
const [code, port, token] = process.argv.slice(1);
const { createEmulator } = await import(code);
const tokens = { [token]: { login: "opsbot" } };
const channels = [{ name: "deploys" }, { name: "incidents" }];
await createEmulator({ service: "slack", port: Number(port), seed: { tokens, slack: { channels } } });
"""


def emulate_code(say: Say = print) -> Path:
    """Its code in the cache, fetched if it is not there yet (2 MB)."""
    return cached(cache_folder() / f"{_PACKAGE.name}-{_PACKAGE.version}", partial(_fill, say=say)) / _CODE


def _fill(folder: Path, *, say: Say) -> None:
    say(f"Fetching {_PACKAGE.name} {_PACKAGE.version}")
    archive = _PACKAGE.fetch(folder, say)
    _PACKAGE.check(archive)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()


class EmulatedSlack:
    """Serves while it is entered, with two channels and nothing said in them."""

    bot_token = "xoxb-emulated"
    channels: Mapping[str, str]  # ids by name

    def __init__(self, say: Say = print) -> None:
        self._code = emulate_code(say)
        try:
            self._node = node(say)
        except ToolchainMissing as error:
            raise SlackUnavailable(f"{_PACKAGE.name} needs Node.js: {error}") from error
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def api_url(self) -> str:
        """What slack_sdk takes as `base_url`."""
        return f"{self.url}/api/"

    def __enter__(self) -> Self:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [str(self._node.program), "--input-type=module", "--eval", _SERVE]
        arguments = [self._code.as_uri(), str(port), self.bot_token]
        self._process = subprocess.Popen([*command, *arguments], env=dict(self._node.environment))
        self.url = f"http://127.0.0.1:{port}"
        self._wait(port)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            time.sleep(0.05)
        self.__exit__()
        raise SlackUnavailable(f"{_PACKAGE.name} {_PACKAGE.version} did not start")
