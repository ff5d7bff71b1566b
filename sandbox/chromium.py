"""Finds Chromium, and where root may install Debian's packages, installs it with the fonts that the page needs."""

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FONTS = {  # a file of each package
    "fonts-noto-color-emoji": Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"),
    "fonts-lato": Path("/usr/share/fonts/truetype/lato/Lato-Regular.ttf"),
}


class ChromiumUnavailable(Exception):
    """There is no Chromium and none can be installed; the message says why."""


def chromium(say: Callable[[str], None] = lambda _: None) -> Path:
    """The program's path; `say` is told before something is installed, which takes a minute or two.

    Missing fonts alone are installed where that is possible, and done without elsewhere: emoji are then boxes.
    """
    found = _found()
    missing = ([] if found else ["chromium"]) + [name for name, file in _FONTS.items() if not file.exists()]
    if missing and _may_install():
        say(f"Installing {', '.join(missing)} from Debian's packages")
        with suppress(ChromiumUnavailable) if found else nullcontext():  # fonts are not worth failing for
            _install(missing)
        found = _found()
    if found is None:
        raise ChromiumUnavailable(
            "There is no Chromium on the path. Install it, or run this once as root on Debian, where it is installed."
        )
    return found


def _found() -> Path | None:
    paths = filter(None, map(shutil.which, _PROGRAMS))
    return next((Path(path) for path in paths), None)


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(packages: list[str]) -> None:
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*apt, "update"], [*apt, "install", "--no-install-recommends", *packages]):
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if result.returncode:
            raise ChromiumUnavailable(f"{' '.join(command)} failed: {result.stderr.strip()[-500:]}")
