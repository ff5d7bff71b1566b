"""Runs `go build` and tells, every few seconds, how far it has come: by itself it says nothing for minutes."""

import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from sandbox.tether import tethered
from sandbox.toolchain import Say, Tool

_EVERY_SECONDS = 5.0
_TAIL = 30
_OFF = {"CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw"}


def compile_packages(compiler: Tool, module: Path, wanted: Sequence[str], *, say: Say) -> str:
    """Run `go build` with these arguments in a module's folder. Empty if it went well, else the end of its output."""
    command = [str(compiler.program), "build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false", *wanted]
    environment = {**compiler.environment, **_OFF}
    lines: list[str] = []
    with subprocess.Popen(tethered(command), cwd=module, env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None  # noqa: S101 # asked for above
        _follow(process.stderr, lines, say)
    return "\n".join(lines[-_TAIL:]) if process.returncode else ""


def _follow(output: IO[bytes], lines: list[str], say: Say) -> None:
    """Collect the lines, and say how many packages they name."""
    started = time.monotonic()
    for text in _pieces(output):
        lines += text.splitlines()
        fetched = sum(line.startswith("go: downloading") for line in lines)
        seconds = time.monotonic() - started
        say(f"  {seconds:4.0f} s: {fetched} modules fetched, {len(lines) - fetched} packages compiled")


def _pieces(output: IO[bytes]) -> Iterator[str]:
    """What was written in each few seconds, until the end."""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        piece, until = b"", time.monotonic() + _EVERY_SECONDS
        while True:
            if selector.select(max(0.0, until - time.monotonic())):
                read = os.read(output.fileno(), 1 << 16)
                if not read:
                    yield piece.decode(errors="replace")
                    return
                piece += read
            if time.monotonic() >= until:
                end = piece.rfind(b"\n") + 1  # a line may be half written
                yield piece[:end].decode(errors="replace")
                piece, until = piece[end:], time.monotonic() + _EVERY_SECONDS
