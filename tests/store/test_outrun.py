"""A bot's database that is new or was restored: its epochs get ahead of those on the targets."""

import pytest

from bot.adapters.postgres.store import PostgresStore
from bot.adopting import NotAdopted, outrun
from runbooks.store import Changes, Work

DEPLOYMENT, FENCE = "Deployment api", "The database API_DATABASE_URL"


async def drawn(store: PostgresStore) -> int:
    """The epoch of the next claim."""
    await store.commit(Changes(wake=(Work("record", "release/api/production"),)))
    lease = await store.claim(["record"])
    assert lease is not None
    await store.finish(lease, None)
    return lease.epoch


async def test_a_new_database_gets_ahead_of_what_stands_on_the_targets(store: PostgresStore) -> None:
    assert await drawn(store) < 812
    await outrun(store, {DEPLOYMENT: 812, FENCE: 900})
    assert await drawn(store) == 901
    await outrun(store, {DEPLOYMENT: 812, FENCE: 900})
    assert await drawn(store) == 902


async def test_a_number_that_was_never_an_epoch_is_refused(store: PostgresStore) -> None:
    with pytest.raises(NotAdopted, match=r"Deployment api has the epoch 10{15}, .* Remove it, and adopt again"):
        await outrun(store, {DEPLOYMENT: 10**15})
