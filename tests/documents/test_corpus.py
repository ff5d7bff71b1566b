"""Checklists as people write them: every one is a runbook, and nothing to do is lost or made up."""

from pathlib import Path

import pytest

from runbooks.documents.parse import parse
from runbooks.documents.runbook import Runbook

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("*.md"))

EXPECTED = {  # phases with the number of their items, for those that have any
    "bullets-and-tabs.md": {"Mixed bullets": 7, "Tabs to nest": 3},
    "code-heavy.md": {"Pipeline migration": 4},
    "details.md": {"Incident drill": 2, "Run": 3},
    "docusaurus.md": {"Release {#release}": 3},
    "failover-tables.md": {"Steps": 3, "Afterwards": 1},
    "github-issue-release.md": {"Before": 3, "Cut": 4, "After": 2},
    "github-pull-request.md": {"Type of change": 3, "Checklist": 3},
    "gitlab-incident.md": {"Response": 3, "Review": 5},
    "kubernetes-upgrade.md": {"Control plane": 6, "Workers": 3},
    "launch-emoji.md": {"🌅 T-1 day": 3, "🔥 T-0": 3, "🧹 T+1 day": 1},
    "links.md": {"Links badge": 6},
    "no-heading.md": {"no-heading": 4},
    "numbered.md": {"Onboarding a host": 3, "Firmware": 5, "Finally": 2},
    "obsidian.md": {"Weekly ops": 5},
    "readiness-review.md": {"Architecture": 3, "Data": 2},
    "release-ja.md": {"準備": 3, "本番": 2, "完了": 1},
    "rules-and-quotes.md": {"Handover": 2, "Keys": 2, "Keys (2)": 2, "Spare": 1},
    "vykatka.md": {"Выкатка на прод": 7},
    "wartung.md": {"Vorbereitung": 3, "Durchführung": 3, "Nachbereitung": 2},
}


def the(name: str) -> Runbook:
    return parse((CORPUS / name).read_bytes(), path=name, known={})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_checklist_is_a_runbook_of_manual_steps(path: Path) -> None:
    runbook = the(path.name)

    assert {phase.title: len(phase.items) for phase in runbook.phases if phase.items} == EXPECTED[path.name]
    assert all(item.step is None and item.uses == "confirm" for item in runbook.items)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_item_has_words_an_id_of_its_own_and_its_line(path: Path) -> None:
    runbook, lines = the(path.name), path.read_text().split("\n")

    assert len({item.id for item in runbook.items}) == len(runbook.items)
    assert all(item.title and "\n" not in item.title for item in runbook.items)
    for item in runbook.items:
        assert "[" in lines[item.line - 1]
        assert item.title.split()[0].strip("~*`_<>").split("&")[0][:2] in lines[item.line - 1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize(("ends", "before"), [(b"\r\n", b""), (b"\r", b""), (b"\n", b"\xef\xbb\xbf")])
def test_line_ends_and_a_byte_order_mark_make_no_difference(path: Path, ends: bytes, before: bytes) -> None:
    data = path.read_bytes()

    found = parse(before + data.replace(b"\n", ends), path=path.name, known={})

    assert found.phases == the(path.name).phases


def test_the_corpus_is_all_expected() -> None:
    assert {path.name for path in FILES} == EXPECTED.keys()


def test_titles_are_plain_text() -> None:
    titles = [item.title for item in the("links.md").items]

    assert titles == [
        "Read this first",
        "diagram",
        "See the wiki, https://example.com and https://example.com/bare",
        "AT&T — emphasis strong *stars*",
        "x",
        "Footnote[^1]",
    ]


def test_a_long_item_has_a_short_title_and_all_its_words_in_the_detail() -> None:
    first = the("readiness-review.md").items[0]

    assert len(first.title) <= 150
    assert first.title.endswith("its author…")
    assert first.detail.endswith("golden signals over the last thirty days")


def test_examples_in_code_stay_with_the_item_they_explain() -> None:
    writes, runs = the("code-heavy.md").items[1:3]

    assert writes.detail.startswith("````markdown\n## Template\n- [ ] this is an example\n```step")
    assert "echo '- [ ] not an item'" in runs.detail
    assert "```\n- [ ] an indented code block\n# not a heading\n```" in runs.detail


def test_front_matter_of_other_tools_is_left_alone() -> None:
    assert the("docusaurus.md").title == "Release guide"
    assert the("docusaurus.md").id == "docusaurus"
    assert the("github-issue-release.md").title == "github-issue-release"
    assert the("obsidian.md").title == "Weekly ops"


def test_a_document_between_two_rules_is_no_front_matter() -> None:
    assert the("rules-and-quotes.md").title == "Handover"


def test_other_alphabets_get_ids_that_every_system_can_hold() -> None:
    assert [item.id for item in the("release-ja.md").items] == [
        *("item-1", "item-2", "item-3", "item-4"),
        "curl-https-api-example-health",
        "item-6",
    ]
    assert the("wartung.md").items[-1].id == "ubergabeprotokoll-schliessen"
