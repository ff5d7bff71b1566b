"""Processes of `opsbot serve` as they are, but that each counts its points, and gets SIGKILL at one of them.

The program is loaded once; then each line of standard input (an environment, as JSON) forks a process, whose id is
answered. A process forked is one that is started, less the second in which it would read its own code.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from bot import cli
from tests.faults.doors import open_all
from tests.faults.points import Points

AT, POINTS, LOG = "OPSBOT_FAULT_AT", "OPSBOT_FAULT_POINTS", "OPSBOT_FAULT_LOG"
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Fork for each line until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for them
    for line in sys.stdin:
        if not (process := os.fork()):
            os._exit(_serve(json.loads(line)))
        print(process, flush=True)


def _serve(environment: dict[str, str]) -> int:
    """In the process of its own: what `opsbot serve` finds when it starts."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    log = os.open(environment[LOG], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, other in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(other, number)
    open_all(Points(Path(environment[POINTS]), last=environment[AT]))
    return cli.main(["serve"])


if __name__ == "__main__":
    main()
