"""No text becomes a program: nothing evaluates, nothing goes through a shell, no statement is put together."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import catalogue_file
from runbooks.documents.errors import DocumentError
from runbooks.documents.parse import parse
from tests.test_house import MODULES, PRODUCT, ROOT

EVALUATING = {"eval", "exec", "compile", "__import__", "system", "popen", "getoutput", "getstatusoutput"}
EVALUATING |= {"create_subprocess_shell", "load_all", "unsafe_load", "full_load", "loads_unsafe"}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "jinja2", "mako", "pty"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the product, with where it stands."""
    for path in MODULES:
        where = str(path.relative_to(ROOT))
        if where.startswith(PRODUCT):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield f"{where}:{node.lineno}", node


def name_of(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(value=ast.Name(id="re"), attr="compile"):
            return "re.compile"
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def test_nothing_evaluates_and_nothing_goes_through_a_shell() -> None:
    evaluating = [where for where, call in calls() if name_of(call) in EVALUATING]
    shells = [
        where
        for where, call in calls()
        for given in call.keywords
        if given.arg == "shell" and not (isinstance(given.value, ast.Constant) and given.value.value is False)
    ]
    assert evaluating + shells == []


def test_nothing_that_makes_objects_of_bytes_is_imported() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        if str(path.relative_to(ROOT)).startswith(PRODUCT)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        if name.partition(".")[0] in UNSAFE_MODULES
    ]
    assert found == []


def test_no_statement_is_put_together_of_text() -> None:
    put_together = [
        where
        for where, call in calls()
        if name_of(call) in ("execute", "executemany", "copy") and call.args
        if isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
        or (isinstance(call.args[0], ast.Call) and name_of(call.args[0]) == "format" and "sql" not in dumped(call))
    ]
    assert put_together == []


def dumped(call: ast.Call) -> str:
    return ast.unparse(call.args[0])


HOSTILE = "!!python/object/apply:pathlib.Path.touch [{path}]"


@pytest.mark.parametrize(
    "read",
    [
        lambda folder, text: catalogue_file.load(_written(folder, f"services: {text}\n")),
        lambda folder, text: parse(f"---\nid: x\ntitle: {text}\n---\n\n# X\n", path="x.md", known={}),
        lambda folder, text: parse(f"# X\n\n- [ ] Y\n  ```step\n  uses: {text}\n  ```\n", path="x.md", known={}),
    ],
    ids=["catalogue", "front matter", "step"],
)
def test_a_yaml_tag_makes_nothing(tmp_path: Path, read: Callable[[Path, str], object]) -> None:
    made = tmp_path / "made"
    with pytest.raises(DocumentError):
        read(tmp_path, HOSTILE.format(path=made))
    assert not made.exists()


def _written(folder: Path, text: str) -> Path:
    (folder / "opsbot.yaml").write_text(text)
    return folder / "opsbot.yaml"
