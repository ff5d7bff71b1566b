"""`python -m sandbox.prepare`: what it does on a machine where all is there, and where nothing can be kept."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.cluster.build import built
from tests.deploy.dockerfile import ROOT


def prepare(**environment: str) -> tuple[int, str]:
    mine = {name: value for name, value in os.environ.items() if name != "CI"}
    command = [sys.executable, "-m", "sandbox.prepare"]
    done = subprocess.run(command, cwd=ROOT, env={**mine, **environment}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_what_is_there_is_not_made_again() -> None:
    if built() is None:
        pytest.skip("Kubernetes is not built yet: python -m sandbox.prepare")
    code, printed = prepare(CI="true")
    assert code == 0
    lines = [re.sub(r"[0-9.]+", "N", line) for line in printed.splitlines()]
    assert lines == [f"{part}: ready (N s)" for part in ("slack", "cluster", "browser", "prometheus", "metadata")]


def test_what_can_not_be_had_is_told_and_fails_in_ci(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, so nothing can be kept here")
    for environment, expected in (({}, 0), ({"CI": "true"}, 1)):
        code, printed = prepare(XDG_CACHE_HOME=str(tmp_path / "cache"), **environment)
        assert code == expected
        assert re.search(r"^slack: not here, its tests will be skipped: .*Not a directory", printed, re.MULTILINE)
        assert re.search(r"^cluster: not here, its tests will be skipped: .*Not a directory", printed, re.MULTILINE)
    assert "CI is set, so nothing may be missing: slack, cluster" in printed
