"""A catalogue that is well-formed and can't work is refused at its line; what a sensible team may want is not."""

from pathlib import Path

import pytest

from bot import library
from bot.catalogue_file import load
from commands import deploy
from runbooks.catalogue.sense import SERVICE_WORDS
from runbooks.runs.state import PLANNED
from tests.catalogue.changes import COMMANDS, KPIS, PRODUCTION, SERVICE, changed, checked, faults, line_of
from tests.documents.reading import KNOWN

MORE = "add people to it, or lower `count`"
NO_TIME = "no time at all can't work here; give at least 1s"
IMAGE = "is no image's repository; write it without a tag or a digest, such as registry.example/team/api"
CHANNEL = "is no Slack channel id; it is at the end of the channel's details, such as C0EXAMPLEOPS"
PERSON = "is no Slack user id; it is in the person's profile, such as U0EXAMPLEADA"
SRE = "    slack: S0EXAMPLESRE"
APPROVAL = "          group: sre\n          count: 1"
ONE = "    members: [U0EXAMPLEADA]"
ASKING = "        deployers: [developers, sre]"
DEVELOPERS = "    slack: S0EXAMPLEDEV"

FAULTS = {
    # a quorum that nobody can give; the last is about the people besides the one who asks
    "a quorum larger than its list": (
        [(SRE, ONE), (APPROVAL, "          group: sre\n          count: 2")],
        ("count: 2", f"{PRODUCTION}.approval.count: `sre` can't give 2 approvals: it has 1 person; {MORE}"),
    ),
    "approvers that are nobody": (
        [(SRE, "    members: []")],
        ("count: 1", f"{PRODUCTION}.approval.count: `sre` can't give 1 approval: it has nobody; {MORE}"),
    ),
    "an approver who alone may ask": (
        [(SRE, ONE), (ASKING, "        deployers: [sre]")],
        (
            "count: 1",
            f"{PRODUCTION}.approval.count: `sre` can't give 1 approval: it has nobody besides whoever asks, whose "
            f"own does not count; {MORE}",
        ),
    ),
    "approvers of audit packs that are nobody": (
        [("    members: [U0EXAMPLEADA, U0EXAMPLEBODO]", "    members: []")],
        (
            "    audit-approval:",
            f"{SERVICE}.audit-approval.count: `release-managers` can't give 1 approval: it has nobody; {MORE}",
        ),
    ),
    # what Slack knows by ids
    "a person by a name": (
        [("[U0EXAMPLEADA, U0EXAMPLEBODO]", '["@alex"]')],
        ("@alex", f"groups.release-managers.members[0]: '@alex' {PERSON}"),
    ),
    "a channel by its name": (
        [("deploys: C0EXAMPLEDEPLOYS", 'deploys: "#deploys"')],
        ("#deploys", f"{PRODUCTION}.channels.deploys: '#deploys' {CHANNEL}"),
    ),
    "an author by a name": (
        [("  ada@solvereign.example: U0EXAMPLEADA", "  Ada: U0EXAMPLEADA")],
        ("  Ada:", "people.Ada: 'Ada' is no e-mail address, such as ada@example.com"),
    ),
    "an author by no id": (
        [("  ada@solvereign.example: U0EXAMPLEADA", '  ada@solvereign.example: "@ada"')],
        ("@ada", f"people.ada@solvereign.example: '@ada' {PERSON}"),
    ),
    "an author who is two people": (
        [("  bodo@solvereign.example:", "  Ada@Solvereign.example:")],
        (
            "  Ada@Solvereign",
            "people.Ada@Solvereign.example: `Ada@Solvereign.example` is another person above, where only the case of "
            "its letters differs; keep one of them",
        ),
    ),
    "a user group by its handle": (
        [(SRE, '    slack: "@sre"')],
        (
            "@sre",
            "groups.sre.slack: '@sre' is no id of a Slack user group; it is in the group's address, such as "
            "S0EXAMPLESRE",
        ),
    ),
    # what would turn in a circle, never begin or never end
    "approvals that have expired": (
        [("          expires: 30m", "          expires: 0s")],
        ("expires: 0s", f"{PRODUCTION}.approval.expires: {NO_TIME}"),
    ),
    "a poll without a pause": (
        [("          poll: 2s", "          poll: 0s")],
        ("poll: 0s", f"{PRODUCTION}.rollout.poll: {NO_TIME}"),
    ),
    "a deadline that is over": (
        [("          deadline: 10m", "          deadline: 00m")],
        ("deadline: 00m", f"{PRODUCTION}.rollout.deadline: {NO_TIME}"),
    ),
    "a health check without a pause": (
        [("          interval: 1s", "          interval: 0s")],
        ("interval: 0s", f"{PRODUCTION}.health.interval: {NO_TIME}"),
    ),
    "a watch without a pause": (
        [("          every: 30s", "          every: 0s")],
        ("every: 0s", f"{PRODUCTION}.watch.every: {NO_TIME}"),
    ),
    "a command without time": (
        [("        timeout: 2m", "        timeout: 0s")],
        ("timeout: 0s", f"{COMMANDS}.smoke.timeout: {NO_TIME}"),
    ),
    "a window of nothing": (
        [("        window: 5m", "        window: 0m")],
        ("window: 0m", f"{KPIS}.error-rate.window: {NO_TIME}"),
    ),
    "statements without any limit": (
        [("      statement-timeout: 5m", "      statement-timeout: 0m")],
        ("statement-timeout: 0m", f"{SERVICE}.migrations.statement-timeout: {NO_TIME}"),
    ),
    "a lock that is waited for without any limit": (
        [("      lock-timeout: 1s", "      lock-timeout: 0s")],
        ("lock-timeout: 0s", f"{SERVICE}.migrations.lock-timeout: {NO_TIME}"),
    ),
    "statements for longer than PostgreSQL counts": (
        [("      statement-timeout: 5m", "      statement-timeout: 25d")],
        (
            "statement-timeout: 25d",
            f"{SERVICE}.migrations.statement-timeout: PostgreSQL counts no further than 24d; give at most that",
        ),
    ),
    "a duration of ages": (
        [("          expires: 30m", "          expires: 9999999999d")],
        ("expires: 99", f"{PRODUCTION}.approval.expires: no duration is longer than a year; 9999999999d is"),
    ),
    "a duration of more than a year": (
        [("          expires: 30m", "          expires: 366d")],
        ("expires: 366d", f"{PRODUCTION}.approval.expires: no duration is longer than a year; 366d is"),
    ),
    "a duration below zero": (
        [("          expires: 30m", "          expires: -5m")],
        (
            "expires: -5m",
            f"{PRODUCTION}.approval.expires: a duration is a number with its unit, such as "
            '"90s", "30m", "2h" or "1d"',
        ),
    ),
    "more rounds than fit into the time": (
        [("          passes: 5", "          passes: 122")],
        (
            "          timeout: 2m",
            f"{PRODUCTION}.health.timeout: 122 passes at this `interval` take longer than `timeout`, so it never "
            "counts as healthy; raise `timeout`, or ask for fewer `passes`",
        ),
    ),
    "environments that wait for each other": (
        [("          group: developers", "          group: developers\n        proven-in: production")],
        (
            "proven-in: staging",
            f"{PRODUCTION}.proven-in: `production` waits for migrations to be tried in `staging`, and that for "
            "`production`; let one of them try them first",
        ),
    ),
    # names
    "an image with its tag": (
        [("image: registry.example/solvereign-api", "image: registry.example/solvereign-api:v1")],
        ("    image:", f"{SERVICE}.image: 'registry.example/solvereign-api:v1' {IMAGE}"),
    ),
    "an image with its digest": (
        [("image: registry.example/solvereign-api", "image: registry.example/solvereign-api@sha256:abc")],
        ("    image:", f"{SERVICE}.image: 'registry.example/solvereign-api@sha256:abc' {IMAGE}"),
    ),
    "a deployment that stands twice": (
        [
            (
                "        containers: [api]",
                "        containers: [api]\n      - {deployment: solvereign-api, containers: [b]}",
            )
        ],
        (
            "containers: [b]",
            f"{SERVICE}.workloads[1].deployment: the deployment `solvereign-api` stands here twice; name all its "
            "containers in one entry",
        ),
    ),
    "a container that stands twice": (
        [("containers: [api]", "containers: [api, api]")],
        ("containers: [api", f"{SERVICE}.workloads[0]: the container 'api' stands here twice; keep one of them"),
    ),
    "an address without its scheme": (
        [("url: https://api.solvereign.example", "url: api.solvereign.example")],
        (
            "url: api.solvereign",
            f"{PRODUCTION}.url: 'api.solvereign.example' is no address; it begins with https:// or http://, and has "
            "no spaces in it",
        ),
    ),
    "a repository that git would take for an option": (
        [("repository: https://git.example/solvereign/api.git", "repository: --upload-pack=x")],
        (
            "repository: --",
            f"{SERVICE}.source.repository: '--upload-pack=x' is no repository; it is an address, a path or a "
            "variable",
        ),
    ),
    "an environment that is a word of a command": (
        [("      staging:\n", "      to:\n"), ("proven-in: staging", "proven-in: to")],
        (
            "      to:",
            f"{SERVICE}.environments.to: an environment can't be called `to`: `/rollback` takes that word for its "
            "own; rename it",
        ),
    ),
    "a service that is a word of a command": (
        [("  solvereign-api:\n", "  status:\n")],
        (
            "  status:",
            "services.status: a service can't be called `status`: commands take that word for their own; rename it",
        ),
    ),
}


def edited(folder: Path, changes: list[tuple[str, str]]) -> Path:
    path = changed(folder, *changes[0])
    for old, new in changes[1:]:
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
    return path


@pytest.mark.parametrize(("changes", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_what_can_not_work(tmp_path: Path, changes: list[tuple[str, str]], expected: tuple[str, str]) -> None:
    path = edited(tmp_path, changes)
    marker, sentence = expected

    assert faults(path) == [f"{line_of(path.read_text(), marker)}: {sentence}"]


FINE = {
    "two who approve each other's": [
        (SRE, "    members: [U0EXAMPLEADA, U0EXAMPLEBODO]"),
        (ASKING, "        deployers: [sre]"),
    ],
    "one who approves what a user group asks for": [(SRE, ONE)],
    "nobody who may deploy": [
        (DEVELOPERS, "    members: []"),
        ("          group: developers", "          group: sre"),
    ],
    "a bad sign that counts at once": [("          grace: 20s", "          grace: 0s"), ("soak: 5s", "soak: 0s")],
    "no watch": [("          for: 30m", "          for: 0m")],
    "a long week": [("          expires: 30m", "          expires: 14d")],
    "a registry with its port": [
        ("image: registry.example/solvereign-api", "image: registry.example:5000/a/b__c.d-e")
    ],
    "an image of the default registry": [("image: registry.example/solvereign-api", "image: solvereign/api")],
    "a private channel": [("deploys: C0EXAMPLEDEPLOYS", "deploys: G0EXAMPLEDEPLOYS")],
}


@pytest.mark.parametrize("changes", FINE.values(), ids=FINE.keys())
def test_what_a_team_may_want(tmp_path: Path, changes: list[tuple[str, str]]) -> None:
    path = edited(tmp_path, changes)

    load(path).check(library.read([library.shipped()], known=KNOWN))


def test_the_words_are_those_that_commands_take() -> None:
    assert {*deploy.WHAT, PLANNED} == SERVICE_WORDS


def test_runbooks_that_are_for_something_else(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        [
            ("      deploy: deployment-checklist", "      deploy: rollback-procedures/emergency"),
            ("      rollback: rollback-procedures", "      rollback: rollback-procedures/planned"),
            ("      onboarding: tenant-onboarding", "      onboarding: tenant-onbording"),
        ],
    )
    text = path.read_text()

    assert checked(path) == [
        f"{line_of(text, 'deploy: rollback-procedures')}: the runbook `rollback-procedures/emergency` is for "
        "`/rollback`, not for `/deploy`; name another, or change the `command` in its front matter",
        f"{line_of(text, 'rollback: rollback-procedures')}: `rollback-procedures/planned` is for rollbacks without "
        "hurry, so no emergency could be rolled back; name `rollback-procedures`: `/rollback ... planned` finds that "
        "part of it",
        f"{line_of(text, 'tenant-onbording')}: there is no runbook `tenant-onbording`; did you mean "
        "`tenant-onboarding`?",
    ]
