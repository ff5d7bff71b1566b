"""What was known good in a place, from the stream of its releases."""

from dataclasses import dataclass

from runbooks.releases.state import Release
from runbooks.store import Store
from runbooks.vocabulary import KnownGood


@dataclass(frozen=True)
class GoodReleases:
    """Meets `runbooks.steps.migrations.proven.GoodReleases`."""

    store: Store

    async def good(self, service: str, environment: str) -> tuple[KnownGood, ...]:
        """The known good releases of a place, newest first."""
        stream = f"release/{service}/{environment}"
        release: Release = (await self.store.read([stream])).streams[stream].state
        return release.good
