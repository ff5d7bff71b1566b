"""docs/checklist.md against the library: every line of it has what does it and a test that is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.kinds import known
from bot.library import Library, read, shipped
from runbooks.documents.runbook import Item
from runbooks.incidents.escalations import escalation

ROOT = Path(__file__).parents[2]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
FINDINGS = ("deploy-failed", "health-failing", "tenant-gate-failed", "migration-without-rollback", "lkg-outdated")
RUN = ("deployment-checklist", "rollback-procedures", "tenant-onboarding")
SECTIONS = (
    "Entry checklist",
    "Files in this branch",
    *RUN,
    "Last known good state",
    "Escalation",
    "Related branches",
)
KNOWN_GOOD = (
    "last-known-good.json with its six keys",
    "Update this after EVERY successful production deploy",
)


@dataclass(frozen=True)
class Row:
    """A line of the checklist, what does it, and what shows it."""

    line: str
    done_by: str
    shown_by: str


def tables() -> dict[str, list[Row]]:
    """The rows under each heading."""
    found: dict[str, list[Row]] = {}
    for section in (ROOT / "docs" / "checklist.md").read_text().split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("|")][2:]
        found[title] = [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]
    return found


@pytest.fixture(scope="module")
def library() -> Library:
    return read([shipped()], known=known())


def rows() -> Iterator[Row]:
    for section in tables().values():
        yield from section


def plain(text: str) -> str:
    return text.replace("`", "")


def words_under(library: Library, section: str) -> str:
    """What the branch's own document says there."""
    (text,) = [phase.text for phase in library.document("operations").phases if phase.title == section]
    return text


def by(item: Item) -> str:
    return "a person" if item.uses == "confirm" else f"`{item.uses}`"


@pytest.mark.parametrize("name", RUN)
def test_each_line_of_a_document_says_what_does_it(library: Library, name: str) -> None:
    table, items = tables()[name], library.document(name).items
    assert [plain(row.line) for row in table] == [plain(item.title) for item in items]
    for row, item in zip(table, items, strict=True):
        assert row.done_by.startswith(by(item)), f"{item.title}: the library says {by(item)}"


def test_each_section_is_there() -> None:
    assert list(tables()) == list(SECTIONS)


def test_each_question_is_there(library: Library) -> None:
    questions = [item.title for item in library.document("operations").items]
    assert [plain(row.line) for row in tables()["Entry checklist"]] == [plain(title) for title in questions]


@pytest.mark.parametrize("section", ["Files in this branch", "Related branches"])
def test_each_file_that_the_branch_names_is_there(library: Library, section: str) -> None:
    named = re.findall(r"`([\w-]+)\.md`", words_under(library, section))
    assert [plain(row.line).removesuffix(".md") for row in tables()[section]] == named
    assert set(named) <= library.documents.keys()


def test_the_record_and_its_rule_are_there() -> None:
    assert tuple(plain(row.line) for row in tables()["Last known good state"]) == KNOWN_GOOD


def test_each_finding_of_the_branch_is_there(library: Library) -> None:
    lines = [row.line for row in tables()["Escalation"]]
    assert lines == [escalation(name).title for name in FINDINGS]
    assert lines == re.findall(r"^\| ([^|]+) \| S[1-4] \|", words_under(library, "Escalation"), re.MULTILINE)


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: plain(row.line))
def test_no_cell_is_empty_and_each_test_is_there(row: Row) -> None:
    assert row.line
    assert row.done_by
    named = TEST.findall(row.shown_by)
    assert named, f"no test is named in {row.shown_by!r}"
    assert TEST.sub("", row.shown_by).strip(", ") == ""
    for path, test in named:
        assert re.search(rf"^(async )?def {test}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path} has no {test}"
