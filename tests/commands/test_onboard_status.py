"""`/onboard status` of a tenant whose gates are all passed: what is lacking, and what to do."""

from runbooks.engine import asks
from runbooks.engine.draft import Draft
from runbooks.releases.lag import Lag
from runbooks.releases.record import FallBehind
from tests.engine.world import ALEX
from tests.tenants.conftest import onboarding
from tests.tenants.test_typed import types
from tests.tenants.world import Onboarding

__all__ = ["onboarding"]  # a fixture


async def says(onboarding: Onboarding) -> str:
    return (await types(onboarding, "status acme")).splitlines()[-1]


async def test_where_nothing_waits_it_says_how_to_begin_anew(onboarding: Onboarding) -> None:
    run_id = await onboarding.at_the_gate()
    assert "the approval is lacking" in await says(onboarding)
    await onboarding.world.hears(asks.Reject(run_id, (await onboarding.world.run(run_id)).digest), ALEX)
    await onboarding.world.works()
    assert await says(onboarding) == (
        " Not live: all 4 gates are passed, but no run is under way that could be approved. "
        "`/onboard acme api production` tries all 4 gates again."
    )


async def test_gates_that_were_passed_on_what_runs_no_more_are_to_be_tried_again(onboarding: Onboarding) -> None:
    await onboarding.at_the_gate()
    await onboarding.world.adopted("v2")
    assert await says(onboarding) == (
        " Not live. The gates were passed on 1111111, and production is known to run 2222222 now. "
        "Run all 4 gates again on one release."
    )


async def test_where_the_last_known_good_is_not_what_runs_it_says_so(onboarding: Onboarding) -> None:
    run_id = await onboarding.at_the_gate()
    await onboarding.world.hears(asks.Reject(run_id, (await onboarding.world.run(run_id)).digest), ALEX)
    draft = Draft(store=onboarding.world.store, catalogue=onboarding.world.catalogue, now=onboarding.world.now)
    behind = FallBehind(Lag.RUNS, "L-1.lkg-outdated", ("Somebody deployed by hand.",))
    await draft.apply("release/api/production", behind)
    await onboarding.world.store.commit(draft.changes())
    assert await says(onboarding) == (
        " Not live. production does not run its last known good, v1. "
        "Nobody goes live there before that is put right; "
        "then `/onboard acme api production` tries all 4 gates again."
    )
