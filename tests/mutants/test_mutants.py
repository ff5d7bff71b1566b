"""Every mutant can still be made: its change applies, what comes of it is a program, and its tests are there."""

import ast

import pytest

from tests.mutants.play import ROOT, table
from tests.mutants.table import MUTANTS, Mutant, NoLongerApplies


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_still_applies(mutant: Mutant) -> None:
    mutated = mutant.mutated(ROOT)
    assert mutated != (ROOT / mutant.path).read_text()
    if mutant.path.endswith(".py"):
        ast.parse(mutated)
    assert [test for test in mutant.seen_by if not (ROOT / test.partition("::")[0]).is_file()] == []


def test_one_that_applies_no_more_says_so() -> None:
    gone = Mutant("gone", "runbooks/digests.py", "what never stood there", "", ())
    with pytest.raises(NoLongerApplies, match=r"“gone”: what it replaces stands 0 times in runbooks/digests\.py"):
        gone.mutated(ROOT)


def test_the_page_names_every_mutant_and_by_what_it_was_seen() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    assert [m.name for m in MUTANTS if f"| {m.name} | `{m.path}` | `" not in page] == []


def test_one_that_nothing_sees_stands_out() -> None:
    lines = table(
        [(MUTANTS[0], ("tests/a.py::test_b[x]", "tests/a.py::test_b[y]", "tests/c.py::d")), (MUTANTS[1], ())]
    )
    assert lines.splitlines()[2:] == [
        f"| {MUTANTS[0].name} | `{MUTANTS[0].path}` | `a.py::test_b`, and 1 more |",
        f"| {MUTANTS[1].name} | `{MUTANTS[1].path}` | NONE |",
    ]
