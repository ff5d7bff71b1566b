"""Builds and fetches what the sandbox needs, once, into the cache, with visible progress; says what can't be had."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

from sandbox.chromium import ChromiumUnavailable, chromium
from sandbox.cluster.build import BuildFailed, build
from sandbox.prometheus import PrometheusUnavailable, prometheus
from sandbox.slack import SlackUnavailable, local_slack_program
from sandbox.slack.emulated import emulate_code

_FAILURES = (SlackUnavailable, BuildFailed, ChromiumUnavailable, PrometheusUnavailable, OSError)
_say = partial(print, flush=True)  # progress is seen when it is made, whoever reads it


class Unavailable(Exception):
    """A part can't be had here; the text says which, why, and what to do."""


_PARTS: dict[str, Callable[[], object]] = {
    "slack": partial(local_slack_program, _say),
    "cluster": partial(build, _say),
    "browser": partial(chromium, _say),
    "prometheus": partial(prometheus, _say),
    "metadata": partial(emulate_code, _say),
}


def prepare(needs: Sequence[str] = ()) -> list[str]:
    """Have everything ready; the parts that can't be had. Raises Unavailable where one of `needs` is among them.

    With `needs`, the other parts are left alone.
    """
    missing = []
    for name in needs or _PARTS:
        began = time.monotonic()
        try:
            _PARTS[name]()
        except _FAILURES as cause:
            if name in needs:
                raise Unavailable(f"{name}: {cause}") from cause
            _say(f"{name}: not here, its tests will be skipped: {cause}")
            missing.append(name)
        else:
            _say(f"{name}: ready ({time.monotonic() - began:.1f} s)")
    return missing


def main() -> int:
    """Everything; in CI, where nothing may be skipped, 1 if something can't be had."""
    missing = prepare()
    if missing and os.environ.get("CI"):
        _say(f"CI is set, so nothing may be missing: {', '.join(missing)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
