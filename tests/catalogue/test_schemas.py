"""The JSON Schemas for editors: they are current, what ships fits them, and what does not fit is told."""

import copy
import json
import re
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import cli, library, schemas
from runbooks.documents.marked import read
from tests.catalogue.json_schema import Validator

DEPLOY = Path(__file__).parents[2] / "deploy"
CATALOGUES = (DEPLOY / "opsbot.example.yaml", DEPLOY / "kubernetes" / "opsbot.yaml")
FENCE = re.compile(r"^( *)```step\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


@cache
def schema(name: str) -> Validator:
    return Validator(json.loads(schemas.schema(name)))


def of_catalogue(value: Any) -> list[str]:
    return schema("catalogue").faults(value)


def of_runbook(text: str) -> list[str]:
    return schema("runbook").faults(read(text, path="a.md").value)


@pytest.fixture
def example() -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(read(CATALOGUES[0].read_text(), path="").value)
    return found


@pytest.mark.parametrize("name", schemas.NAMES)
def test_the_files_are_current(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema", name]) == 0
    printed = capsys.readouterr().out
    assert (DEPLOY / "schemas" / f"{name}.json").read_text() == printed, "run `make schemas`"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_the_catalogues_that_ship_name_the_schema_and_fit_it(path: Path) -> None:
    named = path.read_text().partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == DEPLOY / "schemas" / "catalogue.json"
    assert of_catalogue(read(path.read_text(), path=str(path)).value) == []
    assert of_catalogue(yaml.safe_load(path.read_text())) == [], "as editors read YAML"


def _services(catalogue: Any) -> Any:
    return catalogue["services"]["solvereign-api"]


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda found: found.pop("services"), "services is missing"),
        (lambda found: _services(found).update(imgae="x"), "imgae is unknown"),
        (lambda found: _services(found)["migrations"].update({"lock-timeout": "soon"}), "lock-timeout: pattern"),
        (lambda found: _services(found).update(tag="digest"), "tag: value"),
        (lambda found: _services(found).update(workloads=[]), "workloads: minItems"),
    ],
)
def test_what_does_not_fit_is_told(example: Any, break_it: Callable[[Any], object], told: str) -> None:
    assert of_catalogue(example) == []
    break_it(example)
    assert [fault for fault in of_catalogue(example) if fault.endswith(told)]


def test_every_key_is_explained_where_the_source_explains_it() -> None:
    parts = schema("catalogue").root["$defs"]
    assert parts["Command"]["properties"]["repeatable"]["description"] == "cut off half-way it may simply run again"
    assert parts["Migrations"]["properties"]["lock-timeout"]["default"] == "1s"


def test_every_block_of_the_runbooks_that_ship_fits() -> None:
    texts = [path.read_text() for path in library.documents_in(library.shipped())]
    blocks = [textwrap.dedent(match[2]) for text in texts for match in FENCE.finditer(text)]
    assert len(blocks) > 10
    assert {text: found for text in blocks if (found := of_runbook(text))} == {}


def test_the_front_matter_of_the_runbooks_that_ship_fits() -> None:
    texts = [path.read_text() for path in library.documents_in(library.shipped())]
    fronts = [text.split("---\n")[1] for text in texts if text.startswith("---\n")]
    assert fronts
    assert {front: found for front in fronts if (found := of_runbook(front))} == {}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("uses: command\ncommand: tests", True),
        ("uses: command\ncommand: ${params.which}", True),
        ("uses: http.health\npaths: ['${params.path}', /ready]", True),
        ("uses: approve\non-failure: {then: rollback}", True),
        ("uses: command", False),  # its command is missing
        ("uses: comand\ncommand: tests", False),
        ("uses: confirm\ncommand: tests", False),
        ("uses: approve\non-failure: {then: perhaps}", False),
        ("severity: S9", False),
        ("parameters: {tenant: {type: text}}", True),
    ],
)
def test_blocks_and_front_matter(text: str, *, fits: bool) -> None:
    assert (of_runbook(text) == []) is fits
