"""The judge sees each wrong that is planted, and finds none where all is well."""

from dataclasses import replace
from typing import Any

import pytest

from tests.rollbacks.judge import Ran, Seen, Wrote, wrongs

GOOD = {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "api", "image": "r/api:good-1"}]}}
OTHER = {**GOOD, "spec": {"containers": [{"name": "api", "image": "r/api:good-1", "env": [{"name": "FOREIGN"}]}]}}
DEPLOY = Ran("D-7", over=True, status="superseded", ended_at=20.0)
BACK = Ran("R-8", True, "succeeded", 40.0, taken_over_at=22.0, stopped=("D-7",), card="✅ Done · R-8")
WELL = Seen(
    good=GOOD,
    version="good-1",
    template=GOOD,
    ready=2,
    wanted=2,
    others=0,
    answers=frozenset({"good-1"}),
    wrote=(Wrote(15, 3, "D-7", moves=True), Wrote(21, 5, "", moves=False), Wrote(25, 5, "R-8", moves=True)),
    migrated=(("D-7", 12.0),),
    runs=(DEPLOY, BACK),
)


def test_nothing_is_found_where_all_is_well() -> None:
    assert wrongs(WELL) == []


def test_what_was_on_its_way_may_arrive_until_the_take_over() -> None:
    fenced = Wrote(21.5, 5, "", moves=False)
    arrived = replace(WELL, wrote=(Wrote(21, 3, "D-7", moves=True), fenced, Wrote(25, 5, "R-8", moves=True)))
    assert wrongs(arrived) == []
    never_fenced = replace(arrived, runs=(DEPLOY, replace(BACK, taken_over_at=0.0)))
    assert any("D-7 changed the pods 1.0 s after its end" in wrong for wrong in wrongs(never_fenced))


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ({"template": OTHER}, "not that of good-1: /spec/containers"),
        ({"ready": 1}, "1 of 2 pods"),
        ({"others": 1}, "1 others"),
        ({"answers": frozenset({"good-1", "HTTP 503"})}, "answers as ['HTTP 503', 'good-1']"),
        ({"answers": frozenset()}, "answers as []"),
        ({"wrote": (*WELL.wrote, Wrote(26, 3, "", moves=False))}, "holder 3 () wrote after holder 5 (R-8)"),
        ({"wrote": (*WELL.wrote, Wrote(27, 0, "", moves=True))}, "by nobody that is named"),
        ({"wrote": (*WELL.wrote, Wrote(27, 6, "D-5", moves=True))}, "by D-5, which is no run"),
        ({"wrote": (*WELL.wrote, Wrote(41, 5, "R-8", moves=True))}, "R-8 changed the pods 1.0 s after its end"),
        ({"wrote": (*WELL.wrote, Wrote(23, 5, "D-7", moves=True))}, "D-7 acted 1.0 s after R-8 took over"),
        ({"migrated": (("D-7", 22.5),)}, "D-7 acted 0.5 s after R-8 took over"),
        ({"runs": (replace(DEPLOY, over=False, status="running"), BACK)}, "D-7 never ended"),
        ({"runs": (DEPLOY, replace(BACK, status="failed"))}, "R-8, the last one, failed"),
        ({"runs": (DEPLOY, replace(BACK, card="Rolling back"))}, "does not say that it is done"),
        ({"runs": (), "wrote": (), "migrated": ()}, "nothing ran"),
    ],
)
def test_a_planted_wrong_is_found(planted: dict[str, Any], found: str) -> None:
    assert any(found in wrong for wrong in wrongs(replace(WELL, **planted))), wrongs(replace(WELL, **planted))
