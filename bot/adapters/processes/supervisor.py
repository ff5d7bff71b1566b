"""Runs one command, and ends it with all its descendants when the bot that wanted it is gone.

A program of its own, started by `local_runner`, of the standard library alone since it must start fast. As the
subreaper of its descendants it becomes the parent of those that leave their group or session, so it misses none.
A silence or the end of its control socket, a time-out or SIGTERM ends them all; how it ended is one line of JSON.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_POLL_SECONDS = 0.02  # while descendants are being ended
_GIVE_UP_SECONDS = 5  # after the first SIGKILL: what is left then is beyond signals
_SIGNALLED = 128


def supervise(control: socket.socket, limits: tuple[float, float, float], folder: str, command: list[str]) -> None:
    """Run `command` in `folder` and remove the folder; `limits`: silence, time-out and grace, in seconds."""
    silence, timeout, grace = limits
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: control.shutdown(socket.SHUT_RD))
    os.umask(0o077)
    began = time.monotonic()
    try:
        child = _start(command, folder)
    except OSError as cause:
        end: dict[str, object] = {"why": "not-started", "detail": cause.strerror}
    else:
        end = _watched(control.fileno(), child, silence=silence, until=began + timeout, grace=grace)
    end["seconds"] = time.monotonic() - began
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # nobody is left to be told
        control.sendall(json.dumps(end).encode() + b"\n")


def _watched(control: int, child: int, *, silence: float, until: float, grace: float) -> dict[str, object]:
    statuses: dict[int, int] = {}
    try:
        why = _watch(control, child, silence=silence, until=until)
    finally:
        _end_all(statuses, grace)
    return {"why": why, "code": _exit_code(statuses.get(child))}


def _start(command: list[str], folder: str) -> int:
    return subprocess.Popen(  # noqa: S603 # an argument list that a plan holds
        command,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
        preexec_fn=_die_with_me,  # noqa: PLW1509 # there is one thread here
    ).pid


def _die_with_me() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(control: int, child: int, *, silence: float, until: float) -> str:
    """Wait for the command's exit, or for a reason to end it."""
    exited = os.pidfd_open(child)
    heard = time.monotonic()
    while True:
        left = min(heard + silence, until) - time.monotonic()
        ready, _, _ = select.select([exited, control], [], [], max(0, left))
        if exited in ready:
            return "exit"
        if control in ready and not _beat(control):
            return "stopped"
        if control in ready:
            heard = time.monotonic()
        if time.monotonic() >= until:
            return "time-out"
        if not ready:
            return "silent"


def _beat(control: int) -> bool:
    with suppress(OSError):
        return bool(os.read(control, 4096))
    return False


def _end_all(statuses: dict[int, int], grace: float) -> None:
    """End all descendants: asked, and after the grace killed."""
    _signal_all(signal.SIGTERM)
    patience = time.monotonic() + grace
    while _reap(statuses) and time.monotonic() < patience + _GIVE_UP_SECONDS:
        if time.monotonic() >= patience:
            _signal_all(signal.SIGKILL)
        select.select([], [], [], _POLL_SECONDS)


def _exit_code(status: int | None) -> int | None:
    """128 and the number where a signal ended it."""
    code = os.waitstatus_to_exitcode(status) if status is not None else None
    return _SIGNALLED - code if code is not None and code < 0 else code


def _reap(statuses: dict[int, int]) -> bool:
    """Take in what has ended; whether any descendant is left."""
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            statuses[ended[0]] = ended[1]
    except ChildProcessError:
        return False
    return True


def _signal_all(number: signal.Signals) -> None:
    for process in list(_descendants()):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)


def _descendants() -> Iterator[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parent = stat.read_text(errors="replace").rpartition(")")[2].split()[1]
            children[int(parent)].append(int(stat.parent.name))
    found = [os.getpid()]
    while found:
        below = children[found.pop()]
        found += below
        yield from below


if __name__ == "__main__":
    _fd, _silence, _timeout, _grace, _folder, *_command = sys.argv[1:]
    _limits = (float(_silence), float(_timeout), float(_grace))
    supervise(socket.socket(fileno=int(_fd)), _limits, _folder, _command)
