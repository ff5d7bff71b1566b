"""Runs a command that ends when the process that started it ends, however that happens.

Linux sends a parent-death signal when the starting thread is gone, so start children from a thread that stays.
The change of user comes first: it would clear the signal. Run as a script, this file takes the command's place.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def tethered(command: Sequence[str], *, on_death: signal.Signals = signal.SIGKILL, user: str = "") -> list[str]:
    """The argument list that runs `command` as a child of this process, optionally as another user (root only).

    The process keeps its id: the command replaces the few lines below.
    """
    me = str(Path(__file__).resolve())
    return [sys.executable, "-I", "-S", me, str(os.getpid()), str(int(on_death)), user, *command]


def _become(user: str) -> None:
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def _main(parent: int, on_death: int, user: str, command: list[str]) -> None:
    if user:
        _become(user)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, on_death)
    if os.getppid() != parent:
        sys.exit("the starting process ended first")
    os.execvp(command[0], command)  # noqa: S606 # no shell, on purpose


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
