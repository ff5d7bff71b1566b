"""The test run's own rules: each part's time is told, a skip has its reason, and in CI a skip is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.dockerfile import ROOT

TESTS = {
    "tests/stars/test_one.py": "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('there is no star')\n",
    "tests/planets/test_two.py": (
        "import pytest\n@pytest.mark.skipif(True, reason='never here')\ndef test_c(): pass\ndef test_d(): pass\n"
    ),
    "tests/test_three.py": "def test_e(): pass\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in TESTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(tree: Path, **environment: str) -> tuple[int, str]:
    options = [
        "-p",
        "tests.fixtures.summary",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(tree),
        "-ra",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--import-mode=importlib", str(tree / "tests")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_each_part_is_told_with_its_time_and_each_skip_with_its_reason(tree: Path) -> None:
    code, printed = run(tree)
    assert code == 0, printed
    lines = [line.split() for line in printed.partition("how long each part took")[2].splitlines()]
    told = {" ".join(line[:-4]): line[-4:-2] for line in lines if line[-1:] == ["s"] and line[-3:-2] == ["tests"]}
    assert told == {"stars": ["2", "tests"], "planets": ["1", "tests"], "the tree itself": ["1", "tests"]}
    assert "there is no star" in printed


def test_in_ci_a_missing_part_is_a_failure(tree: Path) -> None:
    code, printed = run(tree, CI="true")
    assert code == 1
    assert "CI is set, so nothing is skipped: Skipped: there is no star" in printed
    assert "1 failed, 3 passed, 1 skipped" in printed
