"""Builds Kubernetes' control plane and kwok from their released modules: `python -m sandbox.cluster.build`.

One program of that many names, and kwok beside it, once per recipe, into the cache.
"""

import platform
import re
import shutil
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sandbox.cache import cache_folder, cached, recipe_key
from sandbox.cluster.compiling import compile_packages
from sandbox.toolchain import Say, ToolchainMissing, go

_MODULE = Path(__file__).parent
_SOURCES = ("go.mod", "go.sum", "main.go")
_KWOK = "sigs.k8s.io/kwok/cmd/kwok"
_NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "key-pair")
_COMPONENT = "k8s.io/component-base/version"


class BuildFailed(Exception):
    """The programs could not be built; the message says why."""


@dataclass(frozen=True)
class Recipe:
    """What is built: the versions, how, and the folder that it lands in."""

    kubernetes: str
    kwok: str
    linking: str
    folder: Path


def recipe() -> Recipe:
    """What the Go module says today."""
    sources = [(_MODULE / name).read_bytes() for name in _SOURCES]
    kubernetes, kwok = (
        _required(module, sources[0].decode()) for module in ("k8s.io/kubernetes", "sigs.k8s.io/kwok")
    )
    linking = _linking(kubernetes, kwok)
    key = recipe_key(*sources, linking.encode(), platform.machine().encode())
    return Recipe(kubernetes, kwok, linking, cache_folder() / f"kubernetes-{kubernetes}-{key}")


def built() -> Path | None:
    """The folder of the programs, unless they are still to be built."""
    folder = recipe().folder
    return folder if folder.is_dir() else None


def build(say: Say = print) -> Path:
    """The folder of the programs, built if they are not there yet; BuildFailed if they can't be."""
    made = recipe()

    def waiting() -> None:
        say("Another process builds Kubernetes: waiting for it.")

    return cached(made.folder, partial(_make, made, say), waiting=waiting)


def _make(made: Recipe, say: Say, folder: Path) -> None:
    say(f"Building Kubernetes {made.kubernetes} and kwok {made.kwok} into {made.folder}.")
    say("Once only: 2800 packages, about six minutes on two idle cores, after a download of about 100 MB.")
    try:
        compiler = go(say)
    except ToolchainMissing as error:
        raise BuildFailed(str(error)) from error
    work = made.folder.with_name(f".{made.folder.name}.work")  # survives an interruption: the next build goes on
    if not compiler.of_the_machine:
        compiler = replace(compiler, environment={**compiler.environment, **_kept_in(work)})
    wanted = ["-ldflags", made.linking, "-o", f"{folder}/", ".", _KWOK]
    failure = compile_packages(compiler, _MODULE, wanted, say=say)
    if failure:
        raise BuildFailed(f"go build failed:\n{failure}")
    program = (folder / _MODULE.name).rename(folder / "control-plane")
    for name in _NAMES:
        (folder / name).symlink_to(program.name)
    shutil.rmtree(work, ignore_errors=True)


def _kept_in(work: Path) -> dict[str, str]:
    """For a Go that nobody else here uses: 4 GB of modules and packages go to a folder that is removed after."""
    return {"GOPATH": str(work / "path"), "GOCACHE": str(work / "build")}


def _required(module: str, go_mod: str) -> str:
    found = re.search(rf"^\s*{re.escape(module)} v(\S+)", go_mod, re.MULTILINE)
    if found is None:
        raise BuildFailed(f"sandbox/cluster/go.mod requires no {module}")
    return found[1]


def _linking(kubernetes: str, kwok: str) -> str:
    """Flags for the linker: no symbols, and the versions that the programs say they are."""
    major, minor, _ = kubernetes.split(".")
    values = {
        f"{_COMPONENT}.gitVersion": f"v{kubernetes}",
        f"{_COMPONENT}.gitMajor": major,
        f"{_COMPONENT}.gitMinor": minor,
        "k8s.io/client-go/pkg/version.gitVersion": f"v{kubernetes}",
        "sigs.k8s.io/kwok/pkg/consts.Version": f"v{kwok}",
    }
    return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in values.items())])


def _main() -> None:
    try:
        print(build(partial(print, flush=True)))
    except BuildFailed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _main()
