"""The places on this host that the bot writes to: a try that leaves nothing behind."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bot.doctor.finding import Check, Finding, Subject
from bot.settings import Settings
from runbooks.catalogue import Catalogue

_MEND = "name a folder that the bot's user may write to, or give it that right"


def checks(settings: Settings, catalogue: Catalogue | None) -> Iterator[Check]:
    """The state folder, and the folder of each last known good that is kept in a file."""
    yield _check("OPSBOT_STATE_FOLDER", settings.state_folder)
    for name, service in catalogue.services.items() if catalogue else ():
        for environment, place in service.environments.items():
            if place.last_known_good and place.last_known_good.file:
                yield _check(f"last known good of {name} {environment}", Path(place.last_known_good.file).parent)


def _check(name: str, folder: Path) -> Check:
    subject = Subject("files", name)
    return Check(subject, partial(_look, subject, folder), _MEND)


async def _look(subject: Subject, folder: Path) -> Finding:
    try:
        await asyncio.to_thread(_try, folder)
    except OSError as cause:
        return subject.wrong(f"{folder} can't be written to ({cause.strerror})", _MEND)
    return subject.ok(f"{folder} can be written to")


def _try(folder: Path) -> None:
    """Write below the folder, or where it will be made. Raises OSError."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(each))
    with tempfile.TemporaryFile(dir=there):
        pass
