"""`tenant.go-live`: lets a tenant in that has passed all four gates on the release that runs now.

The step only looks; what makes the tenant live is recorded in the same commit as the step's end, and the database
refuses it where the passes are not there.
"""

from typing import Protocol

from pydantic import Field

from runbooks.gates import CODE
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.vocabulary import Cut, Done, Failed, Outcome


class Tenants(Protocol):
    """What is recorded of tenants."""

    async def refusal(self, site: Site, tenant: str) -> str:
        """Why the tenant may not go live there on the site's release now, as a sentence; "" where it may."""
        ...


class GoLiveParams(Params):
    """Which tenant."""

    tenant: str = Field(pattern=f"^{CODE}$")


class TenantGoLive(Step):
    """Looks at the record once more, and says yes."""

    uses = "tenant.go-live"
    params = GoLiveParams
    changes = True
    cut = Cut.IDEMPOTENT

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """Who goes live where, on which release."""
        assert isinstance(params, GoLiveParams)  # noqa: S101  # validated as such
        where = f"{site.service_name} {site.environment_name}"
        line = f"{params.tenant} goes live in {where}, all 4 gates passed on {site.version} {site.commit[:7]}"
        return Resolved({"tenant": params.tenant}, (line,))

    async def start(self, turn: Turn) -> Outcome:
        """Live, or why not."""
        tenant = str(turn.step.params["tenant"])
        if why := await self._tenants.refusal(turn.site, tenant):
            return Failed(f"{tenant} did not go live. {why}", {"tenant": tenant})
        return Done(f"{tenant} is live on {turn.site.version} {turn.site.commit[:7]}", {"tenant": tenant})
