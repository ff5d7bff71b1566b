"""What a document reserves, against what its steps change."""

from pathlib import Path

import pytest

from bot.kinds import KINDS
from bot.library import read_document, shipped
from runbooks.documents.errors import DocumentError
from runbooks.documents.runbook import RESERVABLE
from tests.documents.reading import KNOWN

ROLLOUT = "- [ ] Deploy\n  ```step\n  uses: kubernetes.rollout\n  ```\n"
COMMAND = "- [ ] Seed\n  ```step\n  uses: command\n  command: seed\n  changes: true\n  ```\n"
BY_HAND = "- [ ] Look at the dashboards\n"
BOTH = frozenset(RESERVABLE)


def reserved(folder: Path, text: str) -> frozenset[str]:
    path = folder / "book.md"
    path.write_text(text)
    return read_document(path, known=KNOWN).reserved


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BY_HAND, frozenset()),
        (ROLLOUT, BOTH),
        (COMMAND, BOTH),
        (f"---\nreserves: []\n---\n{BY_HAND}", frozenset()),
        (f"---\nreserves: [workloads]\n---\n{BY_HAND}", {"workloads"}),
        (f"---\nreserves: [workloads]\n---\n{ROLLOUT}", {"workloads"}),
        (f"---\nreserves: [database]\n---\n{COMMAND}", {"database"}),
        (f"---\nreserves: [workloads, database]\n---\n{ROLLOUT}", BOTH),
    ],
)
def test_what_a_document_reserves(tmp_path: Path, text: str, expected: frozenset[str]) -> None:
    assert reserved(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            f"---\nreserves: [database]\n---\n{BY_HAND}{ROLLOUT}",
            "6: `kubernetes.rollout` changes the workloads, which this document does not reserve; "
            "add `workloads` to `reserves`",
        ),
        (
            f"---\nreserves: []\n---\n{COMMAND}",
            "5: `command` changes the environment, which this document does not reserve; "
            "name in `reserves` what it changes, of workloads and database",
        ),
    ],
)
def test_a_document_that_changes_what_it_does_not_reserve(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(DocumentError) as caught:
        reserved(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / 'book.md'}:{fault}"


def test_a_step_that_changes_the_environment_says_what_it_touches() -> None:
    of_a_tenant = ["tenant.go-live"]  # it changes nothing that a document can reserve; its run holds the tenant
    assert [kind.uses for kind in KINDS if kind.changes and not kind.touches] == of_a_tenant
    assert {what for kind in KINDS for what in kind.touches} == BOTH


@pytest.mark.parametrize("name", ["deployment-checklist", "rollback-procedures"])
def test_what_ships_reserves_all(name: str) -> None:
    assert read_document(shipped() / f"{name}.md", known=KNOWN).reserved == BOTH
