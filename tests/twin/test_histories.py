"""Histories come from their seeds alone, and hold all that is promised of them."""

from collections import Counter

from tests.twin.histories import BAD, BADS, EDITS, INTERVENTIONS, history

SOME = [history(seed) for seed in range(1, 301)]


def test_a_seed_is_always_the_same_history() -> None:
    assert SOME[:20] == [history(seed) for seed in range(1, 21)]
    assert len(set(SOME)) == len(SOME)


def test_everything_happens_in_some_of_three_hundred() -> None:
    told = Counter(op.what for each in SOME for op in (*each.ops, *each.late))
    assert set(INTERVENTIONS) <= set(told)
    assert set(EDITS) <= {op.detail for each in SOME for op in (*each.ops, *each.late)}
    assert {each.keeps for each in SOME} == {10, 3, 1, 0}


def test_most_have_one_bad_deploy() -> None:
    bads = Counter(sum(op.what == BAD for op in each.ops) for each in SOME)
    assert set(bads) == set(BADS)
    assert bads[1] > len(SOME) / 2
