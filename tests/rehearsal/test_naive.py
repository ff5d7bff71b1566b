"""What a comparison of pg_dump's text says of the same pairs: it cries wolf, and it sleeps.

The text is given every chance: its random tokens and its comments are taken out before.
"""

import subprocess

import pytest

from runbooks.rehearsal.course import rehearse
from runbooks.rehearsal.verdict import Ruling
from sandbox.postgres import program
from tests.rehearsal.reading import Case, cases
from tests.rehearsal.scratches import TestRehearsals

NAIVE = [case for case in cases() if "naive" in case.expected]
_BEFORE, _AFTER = 0, 3  # what stood before the way forward, and after the way back


def dumped(url: str) -> str:
    """The schema as pg_dump writes it."""
    command = [str(program("pg_dump")), "--schema-only", "--dbname", url]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return "\n".join(line for line in lines if line and not line.startswith(("\\", "--")))


@pytest.mark.parametrize("case", NAIVE, ids=lambda case: case.name)
async def test_the_text_of_pg_dump_would_be_wrong(case: Case, shop: TestRehearsals) -> None:
    shop.dump = dumped
    verdict = await rehearse(case.pairs, shop)
    texts = shop.made[0].texts
    (naive,) = case.expected["naive"]
    assert (texts[_BEFORE] == texts[_AFTER]) == (naive == "says it is the same")
    assert verdict.leads_back == (naive != "says it is the same")
    assert verdict.leads_back or {each.ruling for each in verdict.migrations} == {Ruling.DIFFERS}


def test_both_ways_of_being_wrong_are_shown() -> None:
    said = [naive for case in NAIVE for naive in case.expected["naive"]]
    assert said.count("says it is another") >= 5
    assert said.count("says it is the same") >= 5
