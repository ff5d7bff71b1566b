"""What stands in the way of a tenant's going live: its record, what is known to run, and whether that is changing."""

from dataclasses import dataclass

from runbooks.catalogue import targets
from runbooks.gates import stream_of
from runbooks.releases.state import Release
from runbooks.steps.base import Site
from runbooks.store import Store
from runbooks.tenants.decide import refusal
from runbooks.tenants.state import Tenant


@dataclass(frozen=True)
class TenantRecord:
    """Meets `runbooks.steps.tenant_go_live.Tenants`."""

    store: Store

    async def refusal(self, site: Site, tenant: str) -> str:
        """Why the tenant may not go live there now, as a sentence; "" where it may."""
        place = (site.service_name, site.environment_name)
        record, release = stream_of(*place, tenant), f"release/{'/'.join(place)}"
        wanted = sorted(targets(site.service, site.environment_name))
        snapshot = await self.store.read([record, release], targets=wanted)
        found: Tenant = snapshot.streams[record].state
        running: Release = snapshot.streams[release].state
        if running.astray:
            return running.astray
        good = running.known_good.commit if running.known_good else ""
        if why := refusal(found, commit=site.commit, running=good):
            return why
        holders = sorted({holder.partition("/")[2] for holder in snapshot.holders.values()})
        if not holders:
            return ""
        return f"{holders[0]} is changing {site.environment_name} just now. Try again when it has ended."
