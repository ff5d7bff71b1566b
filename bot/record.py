"""Keeps the file of the last known good equal to the record."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.lkg_file import write_lkg
from runbooks.catalogue import Catalogue
from runbooks.releases.state import Release


@dataclass(frozen=True)
class RecordFiles:
    """Meets `bot.deliveries.Record`: one file for each service and environment whose catalogue names one."""

    catalogue: Catalogue

    async def keep(self, release: Release) -> None:
        """Write it, whole or not at all; nothing where there is no record or no file is named."""
        place = self.catalogue.place(release.service, release.environment)
        if place is not None and place.last_known_good and release.known_good is not None:
            await asyncio.to_thread(write_lkg, Path(place.last_known_good), release.known_good)
