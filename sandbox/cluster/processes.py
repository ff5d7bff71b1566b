"""The processes of a control plane: each with its log, gone when this process is."""

import random
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sandbox.tether import tethered

_TAIL = 2000
_PORTS = range(20_000, 32_000)  # below those that outgoing connections take, so nobody takes one meanwhile
_TRIES = 100


class ProcessEnded(Exception):
    """A process ended that should run; the message carries the end of its log."""


class Process:
    """One program; its output goes to a file, added to what earlier starts wrote."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.name = Path(command[0]).name
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(tethered(command), stdout=output, stderr=output, cwd=log.parent)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def check(self) -> None:
        """ProcessEnded if it has ended."""
        if self._process.poll() is not None:
            raise ProcessEnded(f"{self.name} ended with {self._process.returncode}:\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-_TAIL:]

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    for port in random.sample(_PORTS, _TRIES):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ProcessEnded(f"no free port among {_TRIES} tried")
