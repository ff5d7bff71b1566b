"""What a document may not say: a record of what was not deployed or failed, and a finding by a slip of the pen."""

from pathlib import Path

import pytest

from bot.library import own_findings, read_document
from runbooks.documents.errors import DocumentError
from tests.documents.reading import KNOWN

PARTS = "---\nmodes: {fast: Fast, slow: Slow}\n---\n"


def item(uses: str, *more: str) -> str:
    """An item with this step; its block's fence stands in its second line."""
    lines = [f"- [ ] {uses}", "  ```step", f"  uses: {uses}", *(f"  {each}" for each in more), "  ```", ""]
    return "\n".join(lines)


ROLLOUT, RECORD = item("kubernetes.rollout"), item("lkg.update")
GOES_ON = item("kubernetes.rollout", "on-failure: {then: go-on}")
SEED = item("command", "command: seed", "changes: true", "on-failure: {then: go-on}")


def faults(folder: Path, text: str) -> list[str]:
    path = folder / "book.md"
    path.write_text(text)
    try:
        read_document(path, known=KNOWN)
    except DocumentError as caught:
        return [str(fault).removeprefix(f"{path}:") for fault in caught.faults]
    return []


def test_what_is_recorded_before_it_is_deployed(tmp_path: Path) -> None:
    assert faults(tmp_path, RECORD + ROLLOUT) == [
        "2: `lkg.update` stands before `kubernetes.rollout` in line 6, so it records what ran before; put it below "
        "that, where the release is known to be good"
    ]


def test_what_failed_and_is_recorded(tmp_path: Path) -> None:
    assert faults(tmp_path, GOES_ON + RECORD) == [
        "2: where `kubernetes.rollout` fails, the run goes on to `lkg.update`: what failed would be known as good; "
        "let it `stop` or `rollback`"
    ]


@pytest.mark.parametrize(
    "text",
    [
        ROLLOUT + RECORD + item("announce"),
        GOES_ON,  # nothing is recorded
        RECORD,  # somebody else deploys
        ROLLOUT + SEED + RECORD,  # what a command changes is the team's own affair
        ROLLOUT + RECORD + SEED,
        f"{PARTS}## Fast\n{ROLLOUT}{RECORD}\n## Slow\n{ROLLOUT}",  # two runs
    ],
)
def test_orders_that_serve(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text) == []


def test_each_part_is_a_run_of_its_own(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, f"{PARTS}## Fast\n- [ ] a\n\n## Slow\n{RECORD}{ROLLOUT}")

    assert fault.startswith("9: `lkg.update` stands before `kubernetes.rollout`")


@pytest.mark.parametrize(
    ("finding", "meant"),
    [
        ("deploy-faild", "deploy-failed"),
        ("deploy-failing", "deploy-failed"),
        ("health-failed", "health-failing"),
        ("unhealthy-before-deployment", "unhealthy-before-deploy"),
    ],
)
def test_a_finding_that_is_almost_one_of_the_tables(tmp_path: Path, finding: str, meant: str) -> None:
    text = item("announce", f"on-failure: {{finding: {finding}}}")

    assert faults(tmp_path, text) == [f"2: there is no finding `{finding}`; did you mean `{meant}`?"]


@pytest.mark.parametrize("finding", ["announcement-missing", "backup-failed", "smoke-failed", "cache-not-cleared"])
def test_a_finding_of_a_teams_own(tmp_path: Path, finding: str) -> None:
    path = tmp_path / "book.md"
    path.write_text(item("announce", f"on-failure: {{finding: {finding}}}") + item("lkg.update"))

    assert own_findings(read_document(path, known=KNOWN)) == [finding]
