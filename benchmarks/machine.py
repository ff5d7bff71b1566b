"""Where, when and with what something was measured."""

import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from sandbox.postgres import PostgresServer

_LOOKED = 5.0  # seconds
_ROOT = Path(__file__).parent.parent


def measured_on(server: PostgresServer) -> str:
    """The line above a table."""
    [(version,)] = server.execute("show server_version")
    [(fsync,)] = server.execute("show fsync")
    cores, memory_gib = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}; {cores} cores, {memory_gib:.0f} GiB, "
        f"Python {platform.python_version()}, PostgreSQL {version} on the same machine, fsync {fsync}; "
        f"load before it {os.getloadavg()[0]:.1f}, processors idle {_idle():.0%}."
    )


def load_after() -> str:
    """The line below it: whether something else ran meanwhile."""
    return f"Load after it {os.getloadavg()[0]:.1f}, processors idle {_idle():.0%}."


def _idle() -> float:
    """The share of the processors' time that nobody used, of some seconds; an average load tells of minutes ago."""

    def ticks() -> list[int]:
        return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]

    before = ticks()
    time.sleep(_LOOKED)
    spent = [after - earlier for after, earlier in zip(ticks(), before, strict=True)]
    return spent[3] / sum(spent)


def _commit() -> str:
    """Short, and whether the tree differs from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, check=True, text=True).stdout.strip()

    changed = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return git("rev-parse", "--short", "HEAD") + changed
