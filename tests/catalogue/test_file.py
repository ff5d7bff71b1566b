"""Every fault of the catalogue is told at its line, in its place's name, with what would be right."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot import library
from bot.catalogue_file import CatalogueFile, load
from runbooks.documents.errors import DocumentError
from tests.documents.reading import KNOWN

EXAMPLE = Path(__file__).parents[2] / "deploy" / "opsbot.example.yaml"
PRODUCTION = "services.solvereign-api.environments.production"
KPIS = "services.solvereign-api.kpis"
COMMANDS = "services.solvereign-api.commands"


def line_of(text: str, marker: str) -> int:
    """The number of the first line that holds the marker."""
    return next(number for number, line in enumerate(text.split("\n"), 1) if marker in line)


def changed(folder: Path, old: str, new: str) -> Path:
    """The example with one change."""
    text = EXAMPLE.read_text()
    assert old in text
    path = folder / "opsbot.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load(path)
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


CASES = {
    "a misspelt key": (
        ("        rollout:\n          deadline", "        rolout:\n          deadline"),
        ("rolout:", f"unknown key `rolout` in {PRODUCTION}; did you mean `rollout`?"),
    ),
    "a key that nothing resembles": (
        ("    tag: version", "    xyz: 1"),
        (
            "xyz: 1",
            "unknown key `xyz` in services.solvereign-api; known here: `audit-approval`, `ci`, `commands`, "
            "`default-environment`, `environments`, `image`, `kpis`, `migrations`, `onboarding`, `runbooks`, "
            "`smoke`, `source`, `tag`, `version-path`, `workloads`",
        ),
    ),
    "a key that is missing": (
        ("        namespace: solvereign-production\n", ""),
        ("      production:", f"`{PRODUCTION}.namespace` is missing; add it"),
    ),
    "a duration without its unit": (
        ("timeout: 10m", "timeout: 10"),
        (
            "timeout: 10",
            f'{COMMANDS}.tests.timeout: a duration is a number with its unit, such as "90s", "30m", "2h" or "1d"',
        ),
    ),
    "a choice that there is not": (
        ("on-failure: rollback", "on-failure: rolback"),
        ("rolback", f"`{PRODUCTION}.on-failure` can't be `rolback`; did you mean `rollback`?"),
    ),
    "a shell string for an argument list": (
        ("run: [python, -m, pytest, backend_py/]", "run: python -m pytest"),
        (
            "python -m pytest",
            f"`{COMMANDS}.tests.run` can't be `python -m pytest`; it is a list: `- value`, a line each",
        ),
    ),
    "a number where text is wanted": (
        ('PYTHONUNBUFFERED: "1"', "PYTHONUNBUFFERED: 1"),
        ("PYTHONUNBUFFERED", f"`{COMMANDS}.smoke.env.PYTHONUNBUFFERED` can't be `1`; it is text: put it in quotes"),
    ),
    "a Secret without its key": (
        ("solvereign-smoke/database-url", "solvereign-smoke"),
        (
            "DATABASE_URL: solvereign-smoke",
            f"`{COMMANDS}.smoke.secrets.DATABASE_URL` can't be `solvereign-smoke`; it must match "
            "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/[A-Za-z0-9._-]{1,253}$",
        ),
    ),
    "a variable from two places": (
        ("LOG_LEVEL: solvereign-smoke", "DATABASE_URL: solvereign-smoke"),
        (
            "      smoke:",
            f"{COMMANDS}.smoke: named twice among `env`, `secrets` and `config-maps`: DATABASE_URL",
        ),
    ),
    "a Secret beside the bot": (
        ("        timeout: 2m\n", "        timeout: 2m\n        runner: local\n"),
        (
            "      smoke:",
            f"{COMMANDS}.smoke: only a Job is given `secrets` and `config-maps`: use `runner: job`",
        ),
    ),
    "approvers of audit packs that there are not": (
        ("      group: release-managers\n      expires: 1d", "      group: release-mangers\n      expires: 1d"),
        (
            "release-mangers",
            "services.solvereign-api.audit-approval: there is no group 'release-mangers'; did you mean "
            "`release-managers`?",
        ),
    ),
    "a name that can't be one": (
        ("      staging:\n", "      Staging Area:\n"),
        (
            "Staging Area",
            "`services.solvereign-api.environments.Staging Area` can't be `Staging Area`; it must match "
            "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        ),
    ),
    "a group that there is not": (
        ("          group: sre", "          group: sree"),
        ("sree", f"{PRODUCTION}: there is no group 'sree'; did you mean `sre`?"),
    ),
    "a cluster that there is not": (
        ("cluster: here", "cluster: there"),
        (
            "cluster: there",
            "services.solvereign-api.environments.staging: there is no cluster 'there'; did you mean `here`?",
        ),
    ),
    "a group of two sources": (
        ("    slack: S0EXAMPLEDEV", "    slack: S0EXAMPLEDEV\n    members: [U0EXAMPLEADA]"),
        (
            "  developers:",
            "groups.developers: a group is a Slack user group (`slack:`) or a list (`members:`), not both",
        ),
    ),
    "a default environment that there is not": (
        ("default-environment: production", "default-environment: prod"),
        (
            "default-environment: prod",
            "services.solvereign-api: default-environment 'prod' is none of: production, staging",
        ),
    ),
    "a placeholder in a query that there is not": (
        ('http_requests_total{namespace="${namespace}"}', 'http_requests_total{namespace="${name}"}'),
        (
            "query: >-",
            f"{KPIS}.error-rate.query: ${{name}} is not known in a query; these are: ${{service}}, ${{environment}}, "
            "${namespace}, ${window}",
        ),
    ),
    "a tolerance that is none": (
        ("tolerance: 20%", "tolerance: a bit"),
        (
            "tolerance: a bit",
            f'{KPIS}.p95.tolerance: a tolerance is percent of the baseline, such as "20%", or a number in the '
            "unit of the value",
        ),
    ),
    "a direction that there is not": (
        ("direction: lower-is-better", "direction: lower-is"),
        (
            "direction: lower-is",
            f"`{KPIS}.error-rate.direction` can't be `lower-is`; did you mean `lower-is-better`?",
        ),
    ),
    "a prometheus that is no address": (
        ("prometheus: PRODUCTION_PROMETHEUS_URL", "prometheus: prometheus.example"),
        (
            "prometheus: prometheus.example",
            f"`{PRODUCTION}.prometheus` can't be `prometheus.example`; it must match "
            r"^(https?://\S+|[A-Z][A-Z0-9_]*)$",
        ),
    ),
    "no YAML": (
        ("cluster: here", "cluster: here: there"),
        (
            "here: there",
            "this is not YAML: mapping values are not allowed here; check the colons, quotes and indentation here",
        ),
    ),
    "a tab": (
        ("  sre:\n", "\tsre:\n"),
        ("\tsre:", "a tab stands in the indentation; indent with spaces"),
    ),
    "a merge, which is not known here": (
        ("      staging:\n", "      staging:\n        <<: *other\n"),
        (
            "<<: *other",
            "this is not YAML: found undefined alias 'other'; check the colons, quotes and indentation here",
        ),
    ),
}


@pytest.mark.parametrize(("change", "expected"), CASES.values(), ids=CASES.keys())
def test_a_fault(tmp_path: Path, change: tuple[str, str], expected: tuple[str, str]) -> None:
    path = changed(tmp_path, *change)
    marker, sentence = expected

    assert faults(path) == [f"{line_of(path.read_text(), marker)}: {sentence}"]


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


def checked(path: Path) -> list[str]:
    found = load(path)
    with pytest.raises(DocumentError) as caught:
        found.check(library.read([library.shipped()], known=KNOWN))
    return [line.removeprefix(f"{path}:") for line in str(caught.value).split("\n")]


def test_a_runbook_that_there_is_not(tmp_path: Path) -> None:
    path = changed(tmp_path, "deploy: deployment-checklist", "deploy: deploy-checklist")

    line = line_of(path.read_text(), "deploy-checklist")
    assert checked(path) == [f"{line}: there is no runbook `deploy-checklist`; did you mean `deployment-checklist`?"]


def test_a_command_that_the_service_lacks(tmp_path: Path) -> None:
    path = changed(tmp_path, "      smoke:\n", "      other:\n")

    line = line_of(path.read_text(), "    commands:")
    assert checked(path) == [
        f"{line}: `solvereign-api` has no command `smoke`, which the runbook `deployment-checklist` runs; "
        "add it, or name a runbook of your own (its commands are: `other`, `tests`)"
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
        "PRODUCTION_RECORD_REPOSITORY": f"{path}:{line_of(text, 'PRODUCTION_RECORD_REPOSITORY')}",
        "PRODUCTION_PROMETHEUS_URL": f"{path}:{line_of(text, 'PRODUCTION_PROMETHEUS_URL')}",
    }
