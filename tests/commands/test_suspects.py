"""What changed in a release that failed: the lines, and where they stand."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from commands.views.incident_card import incident_card
from commands.views.messages import messages
from commands.views.suspects import suspects_lines
from runbooks.accounts import suspects
from runbooks.catalogue import Catalogue
from runbooks.commits import Commit, Commits
from runbooks.endings import release_of
from runbooks.incidents import incident
from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.suspects import NOT_RECORDED, SEEN, Config, FirstError, Seen, Suspects
from runbooks.vocabulary import Failed, Json
from tests.commands.cards import read, sound, text_of
from tests.commands.stages import CRASHED, KNOWN, RELEASE, V41, Stages
from tests.commands.test_findings import raised
from tests.commands.test_findings import text_of as text_of_finding

LATEST = (
    Commit("a8005c2", "Ada Beispiel", "Read the limit from the environment"),
    Commit("b1c2d3e", "Bodo Beispiel", "Tidy up"),
    Commit("c1c2d3e", "Ada Beispiel", "Start"),
)
COMMITS = Commits(4, ("Ada Beispiel", "Bodo Beispiel"), 0, LATEST, V41.commit)
ERROR = FirstError("web-669894df6b-sdkhg", "web", ("KeyError: 'LIMIT'",))
CONFIG = (Config("ConfigMap", "web-env", keys=("LIMIT",)),)
ALL = Suspects(COMMITS, "", False, "https://git.example/3f2...a80", ("024_flags.sql",), Seen(CONFIG, ERROR))


def failing(seen: Seen | None, commits: Commits | None = COMMITS) -> tuple[Run, object]:
    """A deploy whose rollout failed, and its last event."""
    story = Stages().deploying().changing()
    evidence = {**CRASHED.evidence, **({SEEN: asdict(seen)} if seen else {})}
    story.does(c.Record("rollout", 1, replace(CRASHED, evidence=evidence)))
    assert story.run.plan is not None
    return replace(story.run, plan=replace(story.run.plan, brings=commits)), story.events[-1]


def test_commits_migrations_keys_and_the_first_error_are_named() -> None:
    assert suspects_lines(ALL) == [
        "`a8005c2` Read the limit from the environment · Ada Beispiel",
        "`b1c2d3e` Tidy up · Bodo Beispiel · 2 commits more · <https://git.example/3f2...a80|compare>",
        "Migration 024_flags.sql",
        "ConfigMap web-env: LIMIT changed",
        "First error, web-669894df6b-sdkhg (web): “KeyError: 'LIMIT'”",
    ]


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (Suspects(seen=Seen(since="3f2")), ["No commit, no migration, no config key"]),
        (Suspects(of_rollback=True), ["No migration, no config key"]),
        (
            Suspects(no_commits=NOT_RECORDED, seen=Seen(unknown={"config": NOT_RECORDED})),
            ["No migration", "Commits and config keys not known: no last known good is recorded"],
        ),
        (
            Suspects(Commits(1, ("Ada",), 0, LATEST[:1]), migrations=tuple(f"0{n}.sql" for n in range(20, 26))),
            [
                "`a8005c2` Read the limit from the environment · Ada Beispiel",
                "Migrations 020.sql, 021.sql, 022.sql, 023.sql and 2 more",
                "No config key",
            ],
        ),
        (
            Suspects(Commits(0, (), 2), seen=Seen(error=FirstError("web-1", "web"))),
            [
                "2 commits of the last known good left out",
                "No migration, no config key, no error in the log of web-1",
            ],
        ),
        (
            Suspects(Commits(4, ("Ada", "Bodo")), seen=Seen(unknown={"pods": "main did not answer"})),
            [
                "4 commits by 2 authors (Ada, Bodo) since the last known good",
                "No migration, no config key",
                "The pods' first error not known: main did not answer",
            ],
        ),
    ],
)
def test_what_did_not_change_is_one_line_and_what_is_not_known_is_said(found: Suspects, lines: list[str]) -> None:
    assert suspects_lines(found) == lines


def test_config_is_told_by_names_alone_and_by_workload_where_there_are_several() -> None:
    config = (
        Config("ConfigMap", "web-env", keys=tuple("ABCDEF"), workload="web"),
        Config("Secret", "web-key", how="is referred to since", workload="worker"),
        Config("environment of container", "web", keys=("LIMIT",)),
        Config("ConfigMap", "web-more", how="is gone"),
    )
    assert suspects_lines(replace(ALL, seen=Seen(config)))[3] == (
        "ConfigMap web-env of web: A, B, C, D and 2 more changed; Secret web-key of worker is referred to since; "
        "environment of container web: LIMIT changed; 1 more"
    )


def test_the_failed_card_and_its_finding_say_it() -> None:
    run, last = failing(Seen(CONFIG, ERROR, since=V41.commit))
    assert "*What changed in it*\n• `a8005c2` Read the limit from the environment · Ada Beispiel" in text_of(run)
    finding = raised(run, last=last)
    assert finding.suspects is not None
    lines = text_of_finding(finding, run)
    at = lines.index("*What changed in it*")
    assert lines[at + 3 : at + 6] == [
        "• Migration 024_tenant_flags.sql",
        "• ConfigMap web-env: LIMIT changed",
        "• First error, web-669894df6b-sdkhg (web): “KeyError: 'LIMIT'”",
    ]
    assert len(lines[at:]) <= 6 + len(("The rollback to v41 has begun by itself: R-1.", "*Do:*"))


def test_the_incident_says_it_of_its_first_finding() -> None:
    run, last = failing(Seen(CONFIG, ERROR, since=V41.commit))
    first, later = raised(run, last=last), raised(failing(None)[0], last=last)
    opened = incident.evolve(
        incident.start("incident/I-1"),
        incident.Opened(
            run.requester, run.ended_at or V41.at, first.severity, run.service, run.environment, "Deploy failed", ()
        ),
    )
    assert "ConfigMap web-env: LIMIT changed" in str(incident_card(opened, [first, later], RELEASE))
    assert "What changed" not in str(incident_card(opened, [later], RELEASE))


def test_where_nobody_looked_nothing_is_said() -> None:
    run, last = failing(None)
    assert suspects(run, KNOWN) is None
    assert raised(run, last=last).suspects is None
    assert "What changed" not in text_of(run)


@pytest.mark.parametrize(
    ("seen", "commits", "said"),
    [
        (Seen(since="3f2"), None, "the source does not have the last known good's commit any more"),
        (Seen(unknown={"config": NOT_RECORDED}), None, NOT_RECORDED),
        (Seen(), None, ""),
        (Seen(since="3f2"), COMMITS, ""),
    ],
)
def test_why_no_commits_are_named(seen: Seen, commits: Commits | None, said: str) -> None:
    found = suspects(failing(seen, commits)[0], KNOWN)
    assert found is not None
    assert found.no_commits == said


def test_the_change_can_be_read_where_the_catalogue_says_so() -> None:
    raw = KNOWN.model_dump()
    raw["services"]["solvereign-api"]["source"]["compare"] = "https://git.example/{base}...{head}"
    run, _ = failing(Seen(since=V41.commit))
    found = suspects(run, Catalogue.model_validate(raw))
    assert found is not None
    assert run.plan is not None
    assert found.compare == f"https://git.example/{V41.commit}...{run.plan.commit}"


def test_what_others_wrote_calls_nobody_and_fits() -> None:
    evil = "<!channel> <@U1> <https://evil.example|click> `x` *b* " * 20
    commits = Commits(9, (evil,) * 3, 0, (Commit(evil, evil, evil),) * 3)
    config = tuple(Config("ConfigMap", evil, keys=(evil,) * 9, workload=evil) for _ in range(9))
    run, last = failing(Seen(config, FirstError(evil, evil, (evil, evil)), {"config": evil}), commits)
    finding = raised(run, last=last)
    seen: dict[str, Any] = {release_of(run): RELEASE, f"run/{run.id}": run, "incident/I-1": incident.start("i/I-1")}
    for state in (finding, run):
        for message in messages(KNOWN, state, seen.__getitem__):
            sound(message)
    assert len("".join(suspects_lines(suspects(run, KNOWN) or ALL))) < 2900


def test_evidence_of_a_later_release_is_no_stumbling_block() -> None:
    evidence: Json = {SEEN: {**asdict(Seen(CONFIG, ERROR)), "later": 1}}
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, Failed("It failed.", evidence)))
    found = suspects(story.run, KNOWN)
    assert found is not None
    assert found.seen.error == ERROR
    assert "LIMIT" in read(text_of(story.run))
