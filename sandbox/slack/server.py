"""The local Slack's process: one port, everything in its memory, gone with the process that started it."""

import re
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from sandbox.served import Served
from sandbox.slack.binary import local_slack_program
from sandbox.slack.npm import SlackUnavailable
from sandbox.slack.workspace import Workspace
from sandbox.tether import tethered
from sandbox.toolchain import Say

_START_SECONDS = 20
_ADDRESS = re.compile(r"Web UI:\s+(http://\S+)")


class SlackServer(Served):
    """One running workspace; a context manager. `url` is the program's own address, without any proxy.

    Its log and uploaded files are in `folder`, or in a temporary one that goes when it stops.
    """

    def __init__(self, workspace: Workspace, *, folder: Path | None = None, say: Say = print) -> None:
        self.workspace = workspace
        self.url = ""
        self._given = folder
        self._folder = folder or Path()
        self._temporary: TemporaryDirectory[str] | None = None
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start on a free port and return once it answers: in a few tenths of a second, if it need not be fetched.

        SlackUnavailable says why it can't.
        """
        program = local_slack_program(self._say)
        self._make_folder()
        configuration = self._folder / "workspace.json"
        configuration.write_text(self.workspace.configuration())
        files = self._folder / "files"
        command = [str(program), "--config", str(configuration), "--port", "0", "--base-host", "127.0.0.1"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                tethered([*command, "--files-dir", str(files)]), stdout=log, stderr=log, cwd=self._folder
            )
        self.url = self._announced()

    def stop(self) -> None:
        """End it; the workspace's messages go with it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def reset(self) -> None:
        """Forget all messages, files and channels that were not there at the start."""
        self.control("reset", {})

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the program's own control interface directly: POST when there is a body, else GET."""
        method = "GET" if body is None else "POST"
        answer = httpx.request(method, f"{self.url}/_control/{path}", json=body, timeout=10)
        return answer.raise_for_status().json()

    def _make_folder(self) -> None:
        if self._given is None:
            self._temporary = TemporaryDirectory(prefix="opsbot-slack-")
            self._folder = Path(self._temporary.name)
        self._folder.mkdir(parents=True, exist_ok=True)

    @property
    def _log(self) -> Path:
        return self._folder / "local-slack.log"

    def _announced(self) -> str:
        """The address that the program printed; it prints once it listens."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            text = self._log.read_text()
            if found := _ADDRESS.search(text):
                return found.group(1)
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SlackUnavailable(f"the local Slack did not start:\n{text[-2000:]}")
            time.sleep(0.01)
