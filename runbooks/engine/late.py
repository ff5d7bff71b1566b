"""A holder who is none any more learns that its change was refused: told in the log and on the card, no more."""

import logging
from contextlib import suppress

from runbooks.catalogue import Catalogue
from runbooks.engine.draft import Draft
from runbooks.runs.commands import Note
from runbooks.steps.base import Turn
from runbooks.store import Conflict, Store, StoreUnavailable
from runbooks.vocabulary import Fenced

_TRIES = 5
log = logging.getLogger(__name__)


async def tell(store: Store, catalogue: Catalogue, turn: Turn, cause: Fenced) -> None:
    """Note it on the run. That needs no lease, as what a person asks for needs none."""
    log.warning("step %s of %s came too late: %s", turn.step.uses, turn.site.run, cause)
    said = Note(f"“{turn.step.title}” came too late from a process that had stood still: {cause}.")
    for _ in range(_TRIES):
        with suppress(Conflict, StoreUnavailable):
            draft = Draft(store=store, catalogue=catalogue, now=turn.now)
            if await draft.apply(f"run/{turn.site.run}", said):
                await store.commit(draft.changes())
            return
