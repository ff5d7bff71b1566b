"""Whether somebody still works on a run, from the leases."""

from dataclasses import dataclass

from runbooks.store import Store, Work


@dataclass(frozen=True)
class Holders:
    """Meets `runbooks.steps.take_over.Holders`."""

    store: Store

    async def running(self, run: str) -> bool:
        """Whether a lease on the run, void or not, may still be running."""
        return await self.store.leased(Work("run", f"run/{run}"))
