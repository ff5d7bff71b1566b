"""The linter squawk, a process of its own: a migration goes in by standard input, what it finds comes out as JSON."""

import asyncio
import json
import shutil
import sysconfig
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from runbooks.steps.migrations.lint import Flaw, NotLinted
from runbooks.vocabulary import Json

_WITHIN_SECONDS = 10.0
_FOUND = 1  # its exit code where it found something
_NO_SETTINGS = "/dev/null"  # it would look for a .squawk.toml where the bot happens to run
_UNREAD = "syntax-error"  # no rule of its own that could be excluded


class Squawk:
    """Runs `program`; "" looks for it beside this Python, then on the PATH."""

    def __init__(self, program: str = "", *, seconds: float = _WITHIN_SECONDS) -> None:
        self._program = program
        self._seconds = seconds

    async def lint(
        self, file: str, text: str, *, server: str, in_transaction: bool, exclude: Sequence[str]
    ) -> tuple[Flaw, ...]:
        """What it finds. Raises NotLinted."""
        rules = [rule for rule in exclude if rule != _UNREAD]
        options = ["--reporter=json", f"--config={_NO_SETTINGS}", f"--stdin-filepath={file}"]
        options += [f"--exclude={','.join(rules)}"] if rules else []
        options += [f"--pg-version={server}"] if server else []
        options += ["--assume-in-transaction"] if in_transaction else ["--no-assume-in-transaction"]
        output = await self._run(options, text.encode(errors="replace"))
        try:
            found = [_flaw(file, each) for each in json.loads(output)]
        except (ValueError, TypeError, KeyError) as cause:
            raise NotLinted("squawk's answer can't be read") from cause
        return tuple(flaw for flaw in found if flaw.rule not in exclude)

    async def _run(self, options: Sequence[str], text: bytes) -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                self._program or _installed(), *options, stdin=PIPE, stdout=PIPE, stderr=PIPE, env={}
            )
        except OSError as cause:
            raise NotLinted("squawk is not installed here") from cause
        try:
            async with asyncio.timeout(self._seconds):
                output, errors = await process.communicate(text)
        except TimeoutError as cause:
            raise NotLinted(f"squawk did not end within {self._seconds:g} s") from cause
        finally:
            await _end(process)
        if process.returncode not in (0, _FOUND):
            raise NotLinted(f"squawk ended with {process.returncode}: {_first_line(errors)}")
        return output


def _installed() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "squawk"
    return str(beside) if beside.is_file() else shutil.which("squawk") or "squawk"


def _flaw(file: str, raw: Json) -> Flaw:
    rule, message = str(raw["rule_name"]), str(raw["message"])
    told = f"squawk can't read this, so it may have missed something: {message}" if rule == _UNREAD else message
    return Flaw(file, int(raw["line"]) + 1, rule, told, str(raw["help"] or ""))


def _first_line(errors: bytes) -> str:
    line = errors.decode(errors="replace").strip().partition("\n")[0]
    return line.removeprefix("error: ")[:200] or "it said nothing"


async def _end(process: Process) -> None:
    """End it, if it still runs."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
