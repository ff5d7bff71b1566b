"""One terminal of a newcomer: what a command exports, and where it goes, the next one finds."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.tether import tethered

_KEEP = '. "$0/typed"; umask > "$0/umask"; pwd > "$0/folder"; env -0 > "$0/environment"'
_SECONDS = 480  # for one block; one fills an empty environment


@dataclass
class Terminal:
    """Types into bash; any command that fails ends a block there. `notes` is a folder for what is kept in between."""

    notes: Path
    folder: Path
    environment: Mapping[str, str]

    async def type(self, text: str) -> str:
        """Run it to its end; what it printed. AssertionError where it failed, or took too long."""
        (self.notes / "typed").write_text(text)
        umask = self.notes / "umask"
        before = f"umask {umask.read_text()}" if umask.exists() else ""
        process = await self._bash(f"{before}\n{_KEEP}", asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(_SECONDS):
                printed = (await process.communicate())[0].decode()
        except TimeoutError:
            process.kill()
            raise AssertionError(f"not done after {_SECONDS} s:\n{text}") from None
        assert process.returncode == 0, f"{text}\nended with {process.returncode}:\n{printed}"
        self.folder = Path((self.notes / "folder").read_text().strip())
        kept = (self.notes / "environment").read_text().rstrip("\0").split("\0")
        self.environment = dict(each.split("=", 1) for each in kept)
        return printed

    @asynccontextmanager
    async def stays(self, text: str) -> AsyncIterator[Path]:
        """Run one command that does not end by itself, until the block's end; the file that it prints into."""
        log = self.notes / "stays.log"
        with log.open("wb") as file:
            process = await self._bash(text.strip(), file.fileno())  # bash becomes the command
        try:
            yield log
        finally:
            process.terminate()
            await process.wait()

    def save(self, name: str, text: str) -> None:
        """A file beside what is typed."""
        (self.folder / name).write_text(text)

    async def _bash(self, command: str, output: int) -> "asyncio.subprocess.Process":
        return await asyncio.create_subprocess_exec(
            *tethered(["bash", "--norc", "-euc", command, str(self.notes)]),
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )


def machine(folder: Path, programs: Mapping[str, Path], more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a machine that has these programs, what the system has, and nothing of ours."""
    (folder / "bin").mkdir()
    for name, program in programs.items():
        (folder / "bin" / name).symlink_to(program)
    return {"PATH": f"{folder / 'bin'}{os.pathsep}{os.defpath}", "HOME": str(folder), "LANG": "C.UTF-8", **more}
