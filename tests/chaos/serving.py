"""Brings forth processes of `opsbot serve`, one for each line it reads; they share what was imported, nothing else.

A process is there in tenths of a second instead of seconds, which a campaign of hundreds of kills needs. It serves as
it is, but that Slack's budgets are larger: of edits, a workspace takes only 50 a minute.
"""

import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from bot import cli
from bot.adapters.slack import gate
from bot.adapters.slack.budgets import Limit, spends

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Read lines of JSON (`environment`, `log`, `budgets`), tell "started PID" and "ended PID CODE"."""
    signal.signal(signal.SIGCHLD, _bury)
    gc.freeze()
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            os._exit(_serve(json.loads(line)))
        _tell(f"started {pid}")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _bury(*_: object) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _tell(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def _serve(asked: Mapping[str, Any]) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, standard in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(number, standard)
    os.environ.clear()
    os.environ.update(asked["environment"])
    gate.spends = _larger(asked["budgets"])
    return cli.main(["serve"])


def _larger(times: int) -> Any:
    def larger(method: str, channel: str = "") -> Mapping[str, Limit]:
        limits = spends(method, channel).items()
        return {name: Limit(limit.at_once * times, limit.every / times) for name, limit in limits}

    return larger


if __name__ == "__main__":
    main()
