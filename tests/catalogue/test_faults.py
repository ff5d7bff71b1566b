"""A fault of one key or value is told at its line, in its place's name, with what would be right."""

from pathlib import Path

import pytest

from tests.catalogue.changes import COMMANDS, KPIS, PRODUCTION, changed, faults, line_of

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
    "a size without its unit": (
        ("large-table: 1GB", "large-table: 1000"),
        (
            "large-table: 1000",
            "services.solvereign-api.migrations.large-table: a size is a number with its unit, such as "
            '"500MB", "1GB" or "2TB"',
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
