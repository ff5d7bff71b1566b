"""`/onboard status` of a tenant whose gates are all passed: what is lacking, and what to do."""

from runbooks.engine import asks
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
