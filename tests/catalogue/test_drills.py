"""Where the catalogue may have drills, and by which documents they go."""

from pathlib import Path

import pytest

from bot.catalogue_file import load
from tests.catalogue.changes import EXAMPLE, PRODUCTION, changed, checked, faults, line_of

ON_FAILURE = "        on-failure: rollback"
RIGHT = "let drills be in an environment before it, such as staging"


def test_not_in_production(tmp_path: Path) -> None:
    path = changed(tmp_path, ON_FAILURE, f"{ON_FAILURE}\n        drill: {{}}")
    wrong = f"{PRODUCTION}.drill: `production` is production, where nothing is tried for practice"
    assert faults(path) == [f"{line_of(path.read_text(), 'drill: {}')}: {wrong}; {RIGHT}"]


def test_nor_in_the_usual_environment_of_several_where_nothing_says_that_it_is(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("        production: true\n", "", 1)
    path = tmp_path / "opsbot.yaml"
    path.write_text(text.replace(ON_FAILURE, f"{ON_FAILURE}\n        drill: {{every: 3d}}", 1))
    wrong = f"{PRODUCTION}.drill: `production` is the `default-environment`, which is taken for production"
    line = line_of(path.read_text(), "every: 3d")
    assert faults(path) == [f"{line}: {wrong}: nothing is tried there; {RIGHT}"]


@pytest.mark.parametrize(("every", "wrong"), [("0s", "no time at all"), ("weekly", "a duration is a number")])
def test_how_often_is_a_time(tmp_path: Path, every: str, wrong: str) -> None:
    [fault] = faults(changed(tmp_path, "          every: 7d", f"          every: {every}"))
    assert wrong in fault


def test_its_version_has_the_shape_of_one(tmp_path: Path) -> None:
    [fault] = faults(changed(tmp_path, "          version: v43", "          version: --all"))
    assert "'--all' is no version; name a tag, a branch or a commit" in fault
    assert load(changed(tmp_path, "          version: v43", "          version: release/v43")).catalogue


def test_its_document_goes_back(tmp_path: Path) -> None:
    path = changed(tmp_path, "      drill: rollback-drill", "      drill: capacity-planning")
    wrong = "the runbook `capacity-planning` never goes back, so no drill goes by it"
    right = "let `kubernetes.restore` and a health check stand at its end"
    assert checked(path) == [f"{line_of(path.read_text(), 'drill: capacity-planning')}: {wrong}; {right}"]
