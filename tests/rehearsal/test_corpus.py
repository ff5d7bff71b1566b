"""Every pair of the corpus on a real PostgreSQL: the rehearsal says exactly the right thing about it."""

import json

import pytest

from runbooks.rehearsal.course import rehearse
from tests.rehearsal.reading import Case, cases, told
from tests.rehearsal.scratches import TestRehearsals

CASES = cases()


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_rehearsal_says_the_right_thing(case: Case, shop: TestRehearsals) -> None:
    verdict = await rehearse(case.pairs, shop)
    found = told(verdict)
    sentences = [sentence for each in verdict.migrations for sentence in each.sentences]
    wanted = {key: case.expected.get(key, []) for key in ("ruling", "finds", "fails", "loses", "untried", "notes")}
    assert found == {key: values for key, values in wanted.items() if values}, "\n".join(sentences)
    assert set(case.expected.get("says", [])) <= set(sentences)
    assert json.loads(json.dumps(verdict.as_json()))["proven"] == (set(found["ruling"]) == {"proven"})
