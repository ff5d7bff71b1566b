"""A bare mirror of one source repository, kept with git itself: fetch, and run git on it.

It is only a copy: one that is damaged is made anew. Nothing of it is ever checked out or executed.
"""

import asyncio
import fcntl
import logging
import os
import re
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TextIO

from runbooks.vocabulary import Unreachable

_PASSED_ON = (
    *("PATH", "HOME", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"),
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
_NEVER_ASKS = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "LC_ALL": "C"}
_SSH = "ssh -oBatchMode=yes -oConnectTimeout=10"
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")  # no pull requests: nobody has accepted those
_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_READ_SECONDS = 30.0
_LOOK = 0.05  # seconds, until it is looked again whether another process lets go
log = logging.getLogger(__name__)


class GitFailed(Exception):
    """git's own last words, without credentials."""


class Mirror:
    """One repository's copy in `folder`. Callers have it `held` while they use it."""

    def __init__(
        self, folder: Path, repository: str, *, name: str, environment: Mapping[str, str], fetch_seconds: float
    ) -> None:
        passed = {name: environment[name] for name in _PASSED_ON if name in environment}
        self._environment = {"GIT_SSH_COMMAND": _SSH, **passed, **_NEVER_ASKS}
        self._folder = folder
        self._repository = repository
        self._fetch_seconds = fetch_seconds
        self.name = name  # what people call the repository
        self.location = _CREDENTIALS.sub("//", repository)  # fit for the log
        self._lock = asyncio.Lock()

    @property
    def exists(self) -> bool:
        """Whether it was ever made."""
        return (self._folder / "HEAD").exists()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Alone with it: nobody else here or in another process, as `opsbot adopt`, uses it. Raises Unreachable.

        The lock is the system's, so it ends with whoever has it.
        """
        async with self._lock:
            with self._lock_file() as file:
                try:
                    async with asyncio.timeout(self._fetch_seconds):
                        while not _locked(file):  # noqa: ASYNC110  # another process can set no event of ours
                            await asyncio.sleep(_LOOK)
                except TimeoutError as cause:
                    raise Unreachable(f"the copy of {self.name}, which another process uses") from cause
                yield

    def _lock_file(self) -> TextIO:
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            return self._folder.with_suffix(".lock").open("w")
        except OSError as cause:
            log.warning("%s can't be written to: %s", self._folder.parent, cause.strerror)
            raise Unreachable(f"the copy of {self.name}", "the bot's state folder can't be written to") from cause

    async def fetch(self) -> None:
        """Bring it up to date. Raises Unreachable, after which it is as it was."""
        try:
            await self._update()
        except GitFailed as cause:
            await self._reach(cause)
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            try:
                await self._update()
            except GitFailed as again:
                raise self._unreachable(again) from again

    async def ask(self, seconds: float) -> str:
        """The source's newest commit, "" where it has none; the mirror stays as it is. Raises GitFailed."""
        told = await self._run("ls-remote", "--quiet", "--", self._repository, "HEAD", seconds=seconds)
        return told.decode().partition("\t")[0]

    async def _update(self) -> None:
        if not self.exists:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            await self._run("init", "--quiet", "--bare", str(self._folder))
        options = ("--quiet", "--prune", "--no-write-fetch-head", "--no-auto-gc")
        await self.git("fetch", *options, "--", self._repository, *_REFS, seconds=self._fetch_seconds)

    async def _reach(self, failure: GitFailed) -> None:
        """Tell a source that is away (Unreachable) from a damaged mirror."""
        try:
            await self.ask(min(self._fetch_seconds, _READ_SECONDS))
        except GitFailed:
            raise self._unreachable(failure) from failure

    def _unreachable(self, failure: GitFailed) -> Unreachable:
        """What people are told; where it is, and git's words, which may say it too, are for the log."""
        log.warning("%s at %s did not answer: %s", self.name, self.location, failure)
        return Unreachable(self.name)

    async def git(self, *arguments: str, stdin: bytes | None = None, seconds: float = _READ_SECONDS) -> bytes:
        """What git prints about this mirror. Raises GitFailed."""
        return await self._run(f"--git-dir={self._folder}", *arguments, stdin=stdin, seconds=seconds)

    async def _run(self, *arguments: str, stdin: bytes | None = None, seconds: float = _READ_SECONDS) -> bytes:
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            env=self._environment,
            stdin=DEVNULL if stdin is None else PIPE,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(seconds):
                output, errors = await process.communicate(stdin)
        except TimeoutError as cause:
            raise GitFailed(f"no answer within {seconds:g} s") from cause
        finally:
            await _end(process)
        if process.returncode:
            raise GitFailed(_last_line(errors))
        return output


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _end(process: Process) -> None:
    """End git and its helpers, if they still run."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


def _last_line(errors: bytes) -> str:
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.startswith(("fatal:", "error:"))]
    return _CREDENTIALS.sub("//", lines[0] if lines else "git failed without a word")[:300]
