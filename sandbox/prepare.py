"""Builds and fetches what the sandbox needs, once, into the cache, with visible progress; says what can't be had."""

import sys
import time
from collections.abc import Callable, Sequence

from sandbox.chromium import ChromiumUnavailable, chromium
from sandbox.cluster.build import build
from sandbox.slack import SlackUnavailable, local_slack_program


class Unavailable(Exception):
    """A part can't be had here; the text says which, why, and what to do."""


def _chromium() -> object:
    return chromium(lambda line: print(f"  {line}", flush=True))


_PARTS: dict[str, Callable[[], object]] = {"slack": local_slack_program, "cluster": build, "browser": _chromium}


def prepare(needs: Sequence[str] = ()) -> None:
    """Have everything ready. Raises Unavailable where one of `needs` can't be had; the others are only told."""
    for name, make in _PARTS.items():
        if needs and name not in needs:
            continue
        began = time.monotonic()
        try:
            make()
        except (SlackUnavailable, ChromiumUnavailable, OSError, RuntimeError) as cause:
            if name in needs:
                raise Unavailable(f"{name}: {cause}") from cause
            print(f"{name}: not here, its tests will be skipped: {cause}", flush=True)
        else:
            print(f"{name}: ready ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    prepare()
    sys.exit(0)
