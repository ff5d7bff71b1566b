"""The page on security names tests and files that there are, and a test for each line."""

import ast
import re

from tests.test_house import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def test_every_test_that_it_names_exists() -> None:
    assert len(NAMED) > 40
    gone = [f"{path}::{name}" for path, name in NAMED if name not in _defined(path)]
    assert gone == []


def _defined(path: str) -> set[str]:
    file = ROOT / path
    if not file.is_file():
        return set()
    return {
        n.name for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_line_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 20
    assert [row for row in rows if "`tests/" not in row.rsplit("|", 2)[1]] == []


def test_every_file_that_it_names_exists() -> None:
    files = set(re.findall(r"`((?:bot|commands|runbooks|deploy)/[\w/.-]+)`", PAGE))
    assert sorted(name for name in files if not (ROOT / name).exists()) == []
