"""A step that is planned knows the kinds of all steps of its document: what another tells, it need not."""

from bot.adapters.postgres.store import PostgresStore
from runbooks.steps.base import Params, Resolved, Site
from tests.engine.knob import Knob
from tests.engine.world import World


class Telling(Knob):
    """A knob whose plan shows the kinds it was told of."""

    async def resolve(self, params: Params, site: Site) -> Resolved:
        planned = await super().resolve(params, site)
        return Resolved(planned.params, (", ".join(sorted(site.kinds)),))


async def test_the_kinds_of_the_whole_document_are_known_to_each_step(store: PostgresStore) -> None:
    world = World(store)
    world.steps["knob"] = Telling(world.outside)
    await world.adopted("v1")
    run_id = await world.deploys("v2")
    await world.works()

    plan = (await world.run(run_id)).plan
    assert plan is not None
    [knob] = [step for step in plan.steps if step.uses == "knob"]
    assert knob.shows == (", ".join(sorted({step.uses for step in plan.steps})),)
