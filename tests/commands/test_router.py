"""The router as it is drawn: four questions, where each YES leads, where four NOs end, and the table of files."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from bot.library import read as read_library
from bot.library import shipped
from commands import incident
from commands.ops import HELP
from commands.views import router
from commands.views.blocks import Block
from sandbox.slack.sizes import too_large
from tests.commands.stages import KNOWN as CATALOGUE
from tests.documents.reading import KNOWN, read

BOOKS = read_library([shipped()], known=KNOWN).documents


def text(blocks: list[Block]) -> str:
    parts = [part for block in blocks for part in (block, *block.get("elements", ()))]
    texts = [part["text"] for part in parts if "text" in part and part.get("type") != "button"]
    return "\n".join(each["text"] if isinstance(each, dict) else each for each in texts)


def buttons(blocks: list[Block]) -> dict[str, dict[str, Any]]:
    """What each button carries, by its label."""
    found = [part for block in blocks for part in (*block.get("elements", ()), block.get("accessory") or {})]
    return {part["text"]["text"]: json.loads(part["value"]) for part in found if part.get("type") == "button"}


def test_the_questions_are_those_of_the_document_in_its_order() -> None:
    (entry,) = [phase for phase in BOOKS["operations"].phases if phase.items]

    assert [each.asks for each in router.QUESTIONS] == [item.title for item in entry.items]
    for each, item in zip(router.QUESTIONS, entry.items, strict=True):
        assert f"- YES → {each.read}" in item.detail


def test_help_names_every_command() -> None:
    for command in ("incident", "lkg", "onboard", "audit", "deploy"):
        assert f"`/{command} " in HELP


def test_the_first_question_has_no_way_back() -> None:
    said, blocks = router.question(1)

    assert said == "Is this an emergency rollback?"
    assert "*1. Is this an emergency rollback?*" in text(blocks)
    assert "`/ops help` lists every command." in text(blocks)
    assert {label: value["to"] for label, value in buttons(blocks).items()} == {"Yes": "yes/1", "No": "question/2"}


def test_the_last_question_shows_the_answers_before_it() -> None:
    _, blocks = router.question(4)

    assert "1. Is this an emergency rollback? No.\n2. Are you deploying to production? No." in text(blocks)
    assert {label: value["to"] for label, value in buttons(blocks).items()} == {
        "Yes": "yes/4",
        "No": "guidance",
        "Back": "question/3",
    }


def test_an_emergency_has_its_button_its_words_and_its_document() -> None:
    _, blocks = router.leads(1, BOOKS, CATALOGUE)

    assert text(blocks) == (
        "*1. Is this an emergency rollback?* Yes.\nRead `rollback-procedures.md` IMMEDIATELY.\n\n"
        "Then type `/rollback SERVICE [ENVIRONMENT]`.\n"
        "It shows privately what comes back and what does not; nothing is done before you confirm.\n"
        "`/lkg` shows what is known to be good. The rollback joins the open incident of what failed, or opens one.\n"
        "• `/rollback solvereign-api production`"
    )
    assert buttons(blocks) == {
        "Roll back solvereign-api production": {
            "service": "solvereign-api",
            "environment": "production",
            "version": "",
        },
        "Read it": {"to": "read/rollback-procedures/1", "back": "yes/1"},
        "Back": {"to": "question/1", "back": ""},
    }


def test_a_deploy_has_its_words_and_its_document() -> None:
    _, blocks = router.leads(2, BOOKS, CATALOGUE)

    assert text(blocks).endswith(
        "Read `deployment-checklist.md`.\n\nThen type `/deploy SERVICE VERSION [ENVIRONMENT]`.\n"
        "`/deploy` alone opens a form. `/lkg` shows what a rollback would go back to.\n"
        "• `/deploy solvereign-api VERSION production`"
    )
    assert list(buttons(blocks)) == ["Read it", "Back"]


@pytest.mark.parametrize(("number", "name"), [(3, "tenant-onboarding"), (4, "audit-report-gen")])
def test_where_no_command_runs_it_the_document_is_shown(number: int, name: str) -> None:
    book = replace(BOOKS[name], command="")
    said, blocks = router.leads(number, {name: book}, CATALOGUE)

    assert said == book.title
    assert f"`{name}.md`" in text(blocks)
    assert buttons(blocks) == {"Back": {"to": f"question/{number}", "back": ""}}


@pytest.mark.parametrize(
    ("number", "name", "words", "besides"),
    [
        (3, "tenant-onboarding", "onboard TENANT [SERVICE] [ENVIRONMENT]", "`/onboard status TENANT` says how far"),
        (4, "audit-report-gen", "audit SERVICE FROM TO [TENANT]", "`/audit help` says what is in it"),
    ],
)
def test_where_a_command_runs_it_its_words_are_told(number: int, name: str, words: str, besides: str) -> None:
    command = words.split(maxsplit=1)[0]
    book = read(f"---\nid: {name}\ncommand: {command}\n---\n- [ ] a\n", f"{name}.md")
    _, blocks = router.leads(number, {name: book}, CATALOGUE)

    assert f"Read `{name}.md`.\n\nThen type `/{words}`.\n{besides}" in text(blocks)
    assert list(buttons(blocks)) == ["Read it", "Back"]


def test_four_times_no_ends_in_the_guidance_and_the_related_branches() -> None:
    _, blocks = router.guidance(BOOKS)

    assert "*General operations guidance*" in text(blocks)
    assert "Is this an emergency rollback?" not in text(blocks)
    assert "• *LKG state outdated* · Severity: S4 · Action: Update after next successful deploy." in text(blocks)
    for asks, _ in router.RELATED:
        assert asks in text(blocks)
    assert {label: value["to"] for label, value in buttons(blocks).items()} == {
        "Read incident-triage": "read/incident-triage/1",
        "Read rls-enforcement": "read/rls-enforcement/1",
        "Read capacity-planning": "read/capacity-planning/1",
        "All documents": "files",
        "Back": "question/4",
    }


def test_where_something_is_wrong_an_incident_is_declared() -> None:
    declare = "`/incident declare SERVICE ENVIRONMENT S2 TEXT`"
    _, guided = router.guidance(BOOKS)
    _, triage = router.read(BOOKS["incident-triage"], 1)

    assert f"*Something is wrong?* {declare}" in text(guided)
    assert declare in text(triage)
    assert "lowered" not in BOOKS["incident-triage"].text, "nobody can"


def test_each_incident_command_that_a_document_names_is_understood() -> None:
    named = {said for book in BOOKS.values() for said in re.findall(r"`/incident ([^`]+)`", book.text)}

    assert {each.split()[0] for each in named} == {"declare", "update", "resolve", "list"}
    for said in named:
        typed = said.replace("SERVICE", "solvereign-api").replace("ENVIRONMENT", "production").split()
        if typed[0] in ("declare", "update"):
            asked = incident.parse(CATALOGUE, typed)
            assert asked.text == "TEXT", said


def test_the_table_of_files_begins_with_the_checklists_own() -> None:
    _, blocks = router.files(BOOKS)
    names = [line.split("`")[1] for line in text(blocks).splitlines() if line.startswith("*`")]

    assert names[:5] == [
        "operations.md",
        "deployment-checklist.md",
        "rollback-procedures.md",
        "tenant-onboarding.md",
        "audit-report-gen.md",
    ]
    assert set(names[5:]) >= {"incident-triage.md", "rls-enforcement.md", "capacity-planning.md"}
    assert "· Production deployment procedures\n\u2003When to read: Any deploy" in text(blocks)


MANY = {f"book-{n}": read("# <!channel>\n- [ ] a\n", f"book-{n}.md") for n in range(90)}
SERVICE = CATALOGUE.services["solvereign-api"]
CROWD = CATALOGUE.model_copy(update={"services": {f"service-{n}-{'x' * 50}": SERVICE for n in range(60)}})


@pytest.mark.parametrize("books", [BOOKS, {}, MANY, {**BOOKS, **MANY}], ids=["shipped", "none", "many", "both"])
def test_every_place_fits_one_message_whatever_is_in_the_library(books: router.Books) -> None:
    drawn = [router.guidance(books), router.files(books)]
    drawn += [shown for n in range(1, 5) for shown in (router.question(n), router.leads(n, books, CROWD))]

    for said, blocks in drawn:
        assert said
        assert too_large({"blocks": blocks}) == ""
        assert "<!channel>" not in text(blocks)
