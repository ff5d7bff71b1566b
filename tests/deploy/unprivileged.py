"""Somebody without rights, with a Python of their own and nothing else: what the image is to its user."""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_LEFT_OUT = ("site-packages", "test", "idlelib", "tkinter", "turtledemo", "config-*", "__pycache__", "*.a")


@dataclass(frozen=True)
class Nobody:
    """Runs programs in `folder`, which is theirs; as the user nobody where we are root."""

    folder: Path
    python: Path
    libraries: str = ""

    def run(self, *command: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        """To its end, with little more than a path in the environment."""
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        mine = {"PATH": os.defpath, "HOME": str(self.folder), "LD_LIBRARY_PATH": self.libraries}
        return subprocess.run(
            list(map(str, command)),
            env={**mine, **pip, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            **({"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}),
        )


def nobody(folder: Path) -> Nobody:
    """Their folder is `folder`/home. An interpreter that they can't reach is copied beside it."""
    home = folder / "home"
    home.mkdir()
    if os.geteuid() != 0:
        return Nobody(home, Path(sys.executable))
    shutil.chown(home, "nobody")
    base = Path(sys.base_prefix)
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if _passable(base):
        return Nobody(home, base / "bin" / name)
    copy = folder / "python"
    (copy / "bin").mkdir(parents=True)
    shutil.copy2(base / "bin" / name, copy / "bin")
    shutil.copytree(base / "lib" / name, copy / "lib" / name, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy2(library, copy / "lib")
    return Nobody(home, copy / "bin" / name, str(copy / "lib"))


def _passable(folder: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))
