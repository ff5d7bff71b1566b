"""A handful of histories in both twins, on a real control plane; `make twin` plays hundreds."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.kwok import Kwok
from tests.twin.histories import BAD, BY_HAND, EDIT, GOOD, PRUNE, SETTLES, History, Op
from tests.twin.judge import RIGHT, lost, where, wrong
from tests.twin.playing import Played, Stage, staged

pytestmark = pytest.mark.cluster

OPS = (Op(GOOD, "v2"), Op(SETTLES), Op(BAD, "v3-crash"), Op(SETTLES))
PLAIN = History(1, keeps=10, replicas=1, ops=OPS)
TWO_BAD = History(2, keeps=10, replicas=1, ops=(*OPS, Op(BAD, "v4-wrong"), Op(SETTLES)))
EDITED = History(3, keeps=10, replicas=1, ops=(*OPS, Op(EDIT, "resources"), Op(SETTLES)))
LATE = History(4, keeps=10, replicas=1, ops=OPS, late=(Op(EDIT, "env"),))
KEPT = History(5, keeps=10, replicas=1, ops=OPS, late=(Op(EDIT, "image"),), agrees=False)
PRUNED = History(6, keeps=0, replicas=1, ops=(*OPS[:2], Op(BAD, "v3-wrong"), Op(SETTLES), Op(PRUNE)))
TWICE = History(7, keeps=10, replicas=1, ops=(*OPS, Op(BY_HAND), Op(SETTLES)), by_itself=True)
ALL = [PLAIN, TWO_BAD, EDITED, LATE, KEPT, PRUNED, TWICE]


@pytest.fixture
async def stage(control_plane: ControlPlane, kwok: Kwok, namespace: str) -> AsyncIterator[Stage]:
    other = f"{namespace}-kubectl"
    async with staged(control_plane, [namespace, other], ALL) as stage:
        yield stage
    control_plane.kubectl("delete", "namespace", other, "--wait=false")


async def test_opsbot_ends_in_the_good_template_wherever_kubectl_does(stage: Stage) -> None:
    played = {each.history: each for each in await asyncio.gather(*map(stage.play, ALL))}
    assert {each.history.seed: list(wrong(each.opsbot)) for each in played.values()} == {n: [] for n in range(1, 8)}
    assert [where(played[each].opsbot) for each in ALL if each != KEPT] == [RIGHT] * 6
    _ends_elsewhere(played)
    assert lost(played[LATE].opsbot) == ["env"], "the person agreed"
    assert (played[KEPT].opsbot.kept, lost(played[KEPT].opsbot)) == (True, [])


def _ends_elsewhere(played: dict[History, Played]) -> None:
    assert where(played[PLAIN].kubectl) == RIGHT
    for each in (TWO_BAD, EDITED, LATE, KEPT, TWICE):
        assert where(played[each].kubectl) == "a bad release", str(each)
    assert where(played[PRUNED].kubectl) == "nowhere: nothing in its history"
    assert lost(played[EDITED].kubectl) == ["resources"], "nobody was told"
