"""`take-over` where something stays silent: the pods are shut to the old holder at once, and the way back goes on."""

from dataclasses import replace

import pytest

from runbooks.steps.base import Site, Step, Turn
from runbooks.steps.kubernetes.deployments import EPOCH, annotation
from runbooks.vocabulary import Done, PlannedStep, Unreachable
from tests.steps.kube import Kube
from tests.steps.places import NOW, later, site
from tests.steps.test_take_over import Holders, rolling_back, taking_over

pytestmark = pytest.mark.cluster


class Silent(Step):
    """What it had begun lies in a database that does not answer."""

    uses = "migrations.apply"

    async def abandon(self, turn: Turn) -> str:
        raise Unreachable("The database of api")


def migrating(place: Site) -> Site:
    step = PlannedStep("migrations", "Apply migrations", "Deploy", "migrations.apply", changes=True)
    return replace(place, cut_off=(Turn(site(), step, epoch=7, began_at=NOW, now=NOW),))


async def test_the_pods_do_not_wait_for_what_can_not_be_ended(kube: Kube) -> None:
    await kube.create()
    step = taking_over(kube.workloads, migrations=Silent())
    turn = await rolling_back(step, migrating(kube.site()))
    with pytest.raises(Unreachable):
        await step.start(turn)
    assert annotation(await kube.raw(), EPOCH) == "9"
    done = await step.start(later(turn, 10))
    assert isinstance(done, Done)
    assert done.line == "D-107 stopped: “Apply migrations” could not be ended, as the database of api does not answer"


async def test_aborted_it_still_shuts_the_old_holder_out(kube: Kube) -> None:
    await kube.create()
    holders = Holders("D-107")
    step = taking_over(kube.workloads, holders=holders, migrations=Silent())
    turn = later(await rolling_back(step, migrating(kube.site())), 10)
    with pytest.raises(Unreachable):
        await step.abandon(turn)
    assert annotation(await kube.raw(), EPOCH) is None
    holders.holding.clear()
    assert "“Apply migrations” could not be ended" in await step.abandon(turn)
    assert annotation(await kube.raw(), EPOCH) == "9"
