"""Finds Prometheus: the one on the path, Debian's where root may fetch packages, else one built from its module.

Debian's package is unpacked into the cache and not installed, since its installation starts a server.
"""

import os
import platform
import shutil
import subprocess
from functools import partial
from pathlib import Path

from sandbox.cache import cache_folder, cached, recipe_key
from sandbox.cluster.compiling import compile_packages
from sandbox.toolchain import Say, ToolchainMissing, go

_NAME = "prometheus"
_MODULE = Path(__file__).parent
_COMMAND = "github.com/prometheus/prometheus/cmd/prometheus"
_OPTIONS = ("-tags", "remove_all_sd", "-ldflags", "-s -w")  # targets come from a file: no cloud's library is needed
_RELEASE = Path("/etc/os-release")


class PrometheusUnavailable(Exception):
    """There is no Prometheus and none can be had; the message says why."""


def prometheus(say: Say = print) -> Path:
    """The program's path; `say` is told before something is fetched or built. Raises PrometheusUnavailable."""
    if found := shutil.which(_NAME):
        return Path(found)
    try:
        return _debians(say) or _built(say)
    except OSError as cause:
        raise PrometheusUnavailable(f"no Prometheus on the path, and none can be kept: {cause}") from cause


def _debians(say: Say) -> Path | None:
    """Debian's program, in the cache; None where it can't be had."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None or not _RELEASE.exists():
        return None
    folder = cache_folder() / f"{_NAME}-debian-{recipe_key(_RELEASE.read_bytes(), platform.machine().encode())}"
    if not folder.is_dir():
        say(f"No Prometheus on the path: unpacking Debian's into {folder}")
    try:
        cached(folder, _unpack, waiting=lambda: say("Another process unpacks Prometheus: waiting for it."))
    except subprocess.CalledProcessError as cause:
        say(f"Debian's Prometheus can't be had ({cause.stderr.strip()[-200:]})")
        return None
    return folder / "usr" / "bin" / _NAME


def _unpack(folder: Path) -> None:
    for command in (
        ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "update"],
        ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", _NAME],
    ):
        _run(command, folder)
    (package,) = folder.glob(f"{_NAME}_*.deb")
    _run(["dpkg-deb", "--extract", str(package), "."], folder)
    package.unlink()


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)


def _built(say: Say) -> Path:
    """The program, built from its released module, in the cache."""
    sources = [(_MODULE / name).read_bytes() for name in ("go.mod", "go.sum")]
    key = recipe_key(*sources, platform.machine().encode(), *map(str.encode, _OPTIONS))
    folder = cache_folder() / f"{_NAME}-{key}"
    return cached(folder, partial(_build, say), waiting=lambda: say("Another process builds Prometheus.")) / _NAME


def _build(say: Say, folder: Path) -> None:
    say("Building Prometheus from its module, once only: about three minutes on two idle cores.")
    try:
        compiler = go(say)
    except ToolchainMissing as cause:
        raise PrometheusUnavailable(str(cause)) from cause
    failure = compile_packages(compiler, _MODULE, [*_OPTIONS, "-o", f"{folder}/", _COMMAND], say=say)
    if failure:
        raise PrometheusUnavailable(f"go build failed:\n{failure}")
