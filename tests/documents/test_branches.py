"""The router's document and its branches: the checklist's words, true tables, queries that find holes."""

import re
from pathlib import Path

import psycopg
import pytest

from bot.library import read, read_document, shipped
from runbooks.documents.runbook import Runbook
from runbooks.incidents.escalations import escalation
from tests.documents.reading import KNOWN
from tests.fixtures.postgres import DatabaseFactory

FILES = (
    ("deployment-checklist", "Production deployment procedures", "Any deploy"),
    ("rollback-procedures", "Emergency rollback steps", "Deployment failure"),
    ("tenant-onboarding", "New tenant setup gates", "Onboarding"),
    ("audit-report-gen", "Enterprise audit pack generation", "Customer audits"),
)
QUESTIONS = (
    ("Is this an emergency rollback?", "rollback-procedures.md` IMMEDIATELY"),
    ("Are you deploying to production?", "deployment-checklist.md`"),
    ("Are you onboarding a new tenant?", "tenant-onboarding.md`"),
    ("Do you need to generate audit reports?", "audit-report-gen.md`"),
)
ESCALATION = (
    ("Deploy failed, rollback needed", "S2", "Execute rollback. Create incident."),
    ("Health probes failing post-deploy", "S2", "Rollback. Investigate."),
    ("Tenant onboarding gate failed", "S3", "Block go-live. Fix issues first."),
    ("Missing rollback script", "S3", "Create before deploying."),
    ("LKG state outdated", "S4", "Update after next successful deploy."),
)
GATES = ("RLS Harness Pass", "Determinism Proof", "Golden Path E2E", "Integrations Contract")
MIGRATIONS = Path(__file__).parents[2] / "sandbox/service/template/v41/backend_py/db/migrations"
BRANCHES = ("incident-triage", "rls-enforcement", "capacity-planning")


def the(name: str) -> Runbook:
    return read_document(shipped() / f"{name}.md", known=KNOWN)


def rows(runbook: Runbook, heading: str) -> list[tuple[str, ...]]:
    """The rows of the table under a heading, without its first two lines."""
    (text,) = [phase.text for phase in runbook.phases if phase.title == heading]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in lines[2:]]


def test_the_router_asks_the_four_questions_in_their_order() -> None:
    (entry,) = [phase for phase in the("operations").phases if phase.items]

    assert [item.title for item in entry.items] == [question for question, _ in QUESTIONS]
    for item, (_, leads) in zip(entry.items, QUESTIONS, strict=True):
        assert f"- YES → Read `{leads}" in item.detail
    assert entry.items[-1].detail.endswith("- NO → Use general operations guidance below")


def test_its_table_of_files_is_what_the_documents_say_of_themselves() -> None:
    assert rows(the("operations"), "Files in this branch") == [(f"{name}.md", *more) for name, *more in FILES]
    for name, purpose, when in FILES:
        assert (the(name).purpose, the(name).when_to_read) == (purpose, when)


def test_every_document_that_ships_says_what_it_is_for() -> None:
    for runbook in read([shipped()], known=KNOWN).documents.values():
        assert runbook.purpose, runbook.path
        assert runbook.when_to_read, runbook.path


def test_its_escalation_table_is_the_one_that_findings_have() -> None:
    assert rows(the("operations"), "Escalation") == list(ESCALATION)
    of_deploys = ("deploy-failed", "health-failing", "migration-without-rollback", "lkg-outdated")
    for kind in (*of_deploys, "tenant-gate-failed"):
        row = escalation(kind)
        assert (row.title, row.severity.value, row.action) in ESCALATION


def test_related_branches_are_in_the_library() -> None:
    (related,) = [phase.text for phase in the("operations").phases if phase.title == "Related branches"]

    assert re.findall(r"`([\w-]+)\.md`", related) == list(BRANCHES)


def test_every_document_that_is_named_is_there() -> None:
    books = read([shipped()], known=KNOWN).documents
    named = {name for each in books.values() for name in re.findall(r"`([\w-]+)\.md`", each.text)}

    assert named <= set(books)


def test_onboarding_has_the_four_gates_and_the_rule() -> None:
    runbook = the("tenant-onboarding")
    (gates,) = [phase for phase in runbook.phases if phase.title == "Gates"]

    assert [item.title for item in gates.items] == [f"Gate {n}: {name}" for n, name in enumerate(GATES, 1)]
    assert rows(runbook, "Tenant onboarding") == [(str(n), name, "YES") for n, name in enumerate(GATES, 1)]
    assert "**Rule**: ALL 4 gates must PASS before tenant goes live." in runbook.text


# ---------------------------------------------------------------- their queries


def queries(name: str) -> dict[str, str]:
    """The document's queries by the lines they stand under."""
    found = {item.title: re.findall(r"```sql\n(.*?)```", item.detail, re.DOTALL) for item in the(name).items}
    return {title: query for title, (query,) in ((title, each) for title, each in found.items() if each)}


@pytest.fixture
def service(database: DatabaseFactory) -> str:
    """A database with the sample service's schema; its address."""
    url = database()
    files = sorted(path for path in MIGRATIONS.glob("*.sql") if "rollback" not in path.name)
    with psycopg.connect(url, autocommit=True) as owner:
        for file in files:
            owner.execute(file.read_bytes())
    return url


@pytest.mark.parametrize("name", BRANCHES)
def test_every_query_runs(service: str, name: str) -> None:
    found = queries(name)
    assert found
    with psycopg.connect(service) as owner:
        for query in found.values():
            owner.execute(query.encode())


HOLES = {
    "Every table of a tenant has it, bound for its owner too": "alter table shifts no force row level security",
    "Tables without a tenant are meant to have none": "create table orders (id int)",
    "Every policy names the tenant": "create policy open on shifts using (true)",
    "No permissive policy widens another": "create policy more on shifts using (site = 'app.tenant')",
    "The application's roles can't step around it": "create role hole login bypassrls",
    "Views ask as the person who reads them": "create view all_shifts as select * from shifts",
    "Materialized views hold no tenant's rows": "create materialized view kept as select * from shifts",
    "Functions that act as their owner are read, line by line": (
        "create function every_shift() returns bigint language sql security definer as 'select count(*) from shifts'"
    ),
}


def test_every_query_for_holes_is_tried() -> None:
    assert set(queries("rls-enforcement")) == set(HOLES)


@pytest.mark.parametrize(("title", "hole"), HOLES.items())
def test_a_query_for_holes_finds_one_more(service: str, title: str, hole: str) -> None:
    query = queries("rls-enforcement")[title].encode()
    with psycopg.connect(service) as owner:
        before = owner.execute(query).fetchall()
        owner.execute(hole.encode())
        after = owner.execute(query).fetchall()
        owner.rollback()
    assert len(after) == len(before) + 1
