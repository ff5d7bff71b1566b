"""Where a last known good may be kept: a path alone, a mapping, and what is no place."""

from typing import Any

import pytest
from pydantic import ValidationError

from runbooks.catalogue import Catalogue, GitPlace, RecordPlace
from tests.engine.world import CATALOGUE


def placed(value: Any) -> RecordPlace | None:
    """The place that the catalogue makes of this value of `last-known-good`."""
    raw: dict[str, Any] = CATALOGUE["services"]["api"]
    production = {**raw["environments"]["production"], "last-known-good": value}
    services = {"api": {**raw, "environments": {"production": production}}}
    found = Catalogue.model_validate({**CATALOGUE, "services": services})
    return found.services["api"].environments["production"].last_known_good


def test_a_path_alone_is_the_file() -> None:
    assert placed("var/lkg.json") == RecordPlace(file="var/lkg.json")


def test_several_places_are_kept_side_by_side() -> None:
    git = {"repository": "ssh://git@git.example/ops.git", "path": "api/lkg.json"}
    found = placed({"file": "lkg.json", "config-map": "api-lkg", "git": git})
    assert found == RecordPlace(
        file="lkg.json",
        config_map="api-lkg",
        git=GitPlace(repository="ssh://git@git.example/ops.git", branch="main", path="api/lkg.json"),
    )
    assert found.git is not None
    assert found.git.variable == ""


def test_a_variable_stands_for_an_address_with_a_password() -> None:
    found = placed({"git": {"repository": "RECORD_REPOSITORY"}})
    assert found is not None
    assert found.git is not None
    assert found.git.variable == "RECORD_REPOSITORY"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "name at least one"),
        ({"config-map": "Not_A_Name"}, "pattern"),
        ({"git": {"repository": "https://bot:made-up@git.example/ops.git"}}, "stands in a variable: name that"),
        ({"git": {"repository": "https://made-up-token@git.example/ops.git"}}, "stands in a variable: name that"),
        ({"git": {"repository": "file:///ops.git", "path": "../lkg.json"}}, "pattern"),
        ({"git": {"repository": "file:///ops.git", "path": "a b.json"}}, "pattern"),
        ({"git": {"repository": "file:///ops.git", "branch": "--force"}}, "pattern"),
    ],
)
def test_what_is_no_place_is_refused(value: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        placed(value)
    assert "made-up" not in str(caught.value.errors(include_input=False))
