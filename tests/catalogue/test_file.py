"""The catalogue as a file: all its faults at once, a file that is none, and what its runbooks and commands need."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot import library
from bot.catalogue_file import CatalogueFile, load
from runbooks.documents.errors import DocumentError
from tests.catalogue.changes import EXAMPLE, PRODUCTION, changed, checked, faults, line_of
from tests.documents.reading import KNOWN


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    path = changed(tmp_path, "          count: 1", "          count: 1\n          count: 2")

    second = line_of(path.read_text(), "count: 2")
    assert faults(path) == [f"{second}: `count` stands here twice, first in line {second - 1}; keep one of them"]


def test_all_faults_are_told_at_once_in_the_files_order(tmp_path: Path) -> None:
    path = changed(tmp_path, "tag: version", "tag: verion")
    path.write_text(path.read_text().replace("soak: 5s", "soak: long").replace("  here:\n", "  here:\n    xyz: 1\n"))

    assert [fault.split(":")[0] for fault in faults(path)] == [
        str(line_of(path.read_text(), marker)) for marker in ("xyz: 1", "tag: verion", "soak: long")
    ]


def test_several_names_that_resolve_to_nothing(tmp_path: Path) -> None:
    path = changed(tmp_path, "group: sre", "group: a")
    path.write_text(path.read_text().replace("cluster: here", "cluster: b"))

    assert [fault.split(": ", 1)[1] for fault in faults(path)] == [
        f"{PRODUCTION}: there is no group 'a'; known here: `developers`, `release-managers`, `sre`",
        "services.solvereign-api.environments.staging: there is no cluster 'b'; known here: `here`, `production`",
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "1: the catalogue is empty; deploy/opsbot.example.yaml shows what stands in it"),
        (b"# only words\n", "1: the catalogue is empty; deploy/opsbot.example.yaml shows what stands in it"),
        (b"groups: {}\n# caf\xe9\n", "2: this is not UTF-8; save the file as UTF-8"),
        (b"- a\n", "1: `this` can't be a list; it is a mapping: `key: value`, a line each"),
        (b"services: {}\nclusters: {a: {in-cluster: true}}\n", "1: `services` has 0 entries; it needs at least 1"),
    ],
)
def test_a_file_that_is_no_catalogue(tmp_path: Path, data: bytes, expected: str) -> None:
    path = tmp_path / "opsbot.yaml"
    path.write_bytes(data)

    assert faults(path) == [expected]


def test_no_file(tmp_path: Path) -> None:
    assert faults(tmp_path / "none.yaml") == [
        "1: the catalogue can't be read: No such file or directory; OPSBOT_CATALOGUE names the file, and "
        "deploy/opsbot.example.yaml shows what stands in it"
    ]


def test_aliases_serve_and_point_at_their_own_lines(tmp_path: Path) -> None:
    path = changed(tmp_path, "deployers: [developers, sre]", "deployers: &people [developers, sre]")
    path.write_text(path.read_text().replace("rollers-back: [developers, sre]", "rollers-back: *people"))

    environment = load(path).catalogue.services["solvereign-api"].environments["production"]

    assert environment.rollers_back == ("developers", "sre")


def test_a_runbook_that_there_is_not(tmp_path: Path) -> None:
    path = changed(tmp_path, "deploy: deployment-checklist", "deploy: deploy-checklist")

    line = line_of(path.read_text(), "deploy-checklist")
    assert checked(path) == [f"{line}: there is no runbook `deploy-checklist`; did you mean `deployment-checklist`?"]


def test_a_command_that_the_service_lacks(tmp_path: Path) -> None:
    path = changed(tmp_path, "      smoke:\n", "      other:\n")

    line = line_of(path.read_text(), "    commands:")
    assert checked(path) == [
        f"{line}: `solvereign-api` has no command `smoke`, which the runbook `deployment-checklist` runs; "
        "add it, or name a runbook of your own (its commands are: `compatibility`, `other`, `tests`)"
    ]


def test_a_rollback_that_may_follow_a_deploy_reserves_no_more_than_that_one(tmp_path: Path) -> None:
    books = library.read([library.shipped()], known=KNOWN)
    narrow = replace(books.documents["deployment-checklist"], reserves=("workloads",))
    books = library.Library({**books.documents, narrow.id: narrow})
    path = changed(tmp_path, "deploy: deployment-checklist", "deploy: deployment-checklist")

    with pytest.raises(DocumentError) as caught:
        load(path).check(books)
    line = line_of(path.read_text(), "deploy: deployment-checklist")
    assert str(caught.value) == (
        f"{path}:{line}: `deployment-checklist` does not reserve the database; `rollback-procedures/emergency` does, "
        "and may follow by itself; let both reserve the same, or let the environments ask (`on-failure: ask`)"
    )
    asking = path.read_text().replace("on-failure: rollback", "on-failure: ask")
    path.write_text(asking)
    load(path).check(books)


def test_variables_come_with_the_first_place_that_names_them(tmp_path: Path) -> None:
    path = changed(tmp_path, "database: STAGING_DATABASE_URL", "database: PRODUCTION_DATABASE_URL")
    text = path.read_text()

    found: CatalogueFile = load(path)

    assert dict(found.variables) == {
        "PRODUCTION_KUBECONFIG": f"{path}:{line_of(text, 'PRODUCTION_KUBECONFIG')}",
        "PRODUCTION_DATABASE_URL": f"{path}:{line_of(text, 'PRODUCTION_DATABASE_URL')}",
        "PRODUCTION_REHEARSAL_URL": f"{path}:{line_of(text, 'PRODUCTION_REHEARSAL_URL')}",
        "PRODUCTION_RECORD_REPOSITORY": f"{path}:{line_of(text, 'PRODUCTION_RECORD_REPOSITORY')}",
        "PRODUCTION_PROMETHEUS_URL": f"{path}:{line_of(text, 'PRODUCTION_PROMETHEUS_URL')}",
    }


def test_the_only_environment_is_the_default(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("    default-environment: production\n", "").replace("proven-in: staging", "")
    path = tmp_path / "opsbot.yaml"
    path.write_text(text)
    service = line_of(text, "  solvereign-api:")
    assert faults(path) == [
        f"{service}: services.solvereign-api: default-environment is missing; name one of: production, staging"
    ]
    alone = re.sub(r"(?ms)^      staging:.*?(?=^# ---)", "", text)
    path.write_text(alone)
    assert load(path).catalogue.services["solvereign-api"].default_environment == "production"
