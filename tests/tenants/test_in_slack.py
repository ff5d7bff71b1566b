"""`/onboard` typed in the local Slack and answered by the real application: privately, and once begun for good."""

from collections.abc import AsyncIterator

import pytest

from runbooks.vocabulary import Actor
from sandbox.slack import LocalSlack
from tests.commands.seat import Seat, edge_of, serving
from tests.tenants.world import Onboarding

pytestmark = pytest.mark.slack


@pytest.fixture
async def seat(onboarding: Onboarding, local_slack: LocalSlack) -> AsyncIterator[Seat]:
    riley = Actor(f"{local_slack.workspace.team_id}/{local_slack.users['riley']}")
    onboarding.world.members.groups["developers"] = {riley}
    async with serving(edge_of(onboarding.world), local_slack):
        yield Seat(onboarding.world, local_slack.person("riley"))


async def test_a_tenant_is_begun_by_its_code_alone_and_its_status_told(seat: Seat, onboarding: Onboarding) -> None:
    begun = await seat.types("/onboard acme")
    run = begun.shown.split()[0]
    assert f"{run} started: acme to api in production, on v1." in begun.shown
    assert (await onboarding.world.run(run)).command == "onboard"
    told = await seat.types("/onboard status acme")
    assert f"acme* · api production · {run} is under way" in told.shown
    assert "Golden path E2E: not tried" in told.shown


async def test_help_list_and_what_is_no_code(seat: Seat, onboarding: Onboarding) -> None:
    assert "tries the four gates" in (await seat.types("/onboard help")).shown
    assert "No tenant was begun yet." in (await seat.types("/onboard list")).shown
    assert "can't be a tenant's code" in (await seat.types("/onboard ../x")).shown
    assert onboarding.rows("select name from streams where name like 'run/%'") == []
