"""`opsbot serve` as it is, but that it counts its points, writes each down, and gets SIGKILL at one of them."""

import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

from bot import cli
from bot.adapters.postgres.messages import MessageLog
from bot.adapters.postgres.store import PostgresStore
from bot.adapters.processes.runner import LocalProcesses
from bot.adapters.service_database.session import MigrationSession
from bot.adapters.slack.client import Poster

COMMITS: dict[type, tuple[str, ...]] = {
    PostgresStore: ("commit", "finish", "put"),
    MessageLog: ("intend", "posted", "refused", "lost"),
}
EFFECTS: dict[type, tuple[str, ...]] = {
    LocalProcesses: ("run",),
    MigrationSession: ("run", "note"),
    Poster: ("post", "update", "upload"),
}
AT, POINTS = "OPSBOT_FAULT_AT", "OPSBOT_FAULT_POINTS"
_NUMBERS = count(1)


def point(name: str) -> None:
    """One more is reached."""
    number = next(_NUMBERS)
    with Path(os.environ[POINTS]).open("a") as file:
        file.write(f"{number} {name}\n")
    if number == int(os.environ[AT]):
        os.kill(os.getpid(), signal.SIGKILL)


def _between_points(kind: type, name: str) -> None:
    inner: Callable[..., Awaitable[Any]] = getattr(kind, name)

    @functools.wraps(inner)
    async def call(*given: Any, **named: Any) -> Any:
        point(f"before {kind.__name__}.{name}")
        done = await inner(*given, **named)
        point(f"after {kind.__name__}.{name}")
        return done

    setattr(kind, name, call)


def _after_a_claim() -> None:
    """Claims are asked for all the time; one that finds nothing commits nothing."""
    inner = PostgresStore.claim

    @functools.wraps(inner)
    async def claim(*given: Any, **named: Any) -> Any:
        if (lease := await inner(*given, **named)) is not None:
            point("after PostgresStore.claim")
        return lease

    setattr(PostgresStore, "claim", claim)  # noqa: B010  # as all others are


def main() -> int:
    """Serve."""
    _after_a_claim()
    for kind, names in (COMMITS | EFFECTS).items():
        for name in names:
            _between_points(kind, name)
    return cli.main(["serve"])


if __name__ == "__main__":
    sys.exit(main())
