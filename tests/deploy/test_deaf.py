"""A database whose notifications do not come through, and what the start says of it."""

import logging

import pytest

from bot.serving import warn_if_deaf
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import proxied


@pytest.mark.parametrize("deaf", [False, True])
async def test_the_start_says_where_notifications_do_not_arrive(
    store_database: StoreDatabase, caplog: pytest.LogCaptureFixture, *, deaf: bool
) -> None:
    async with proxied(store_database.url) as line:
        line.deaf = deaf
        with caplog.at_level(logging.WARNING):
            await warn_if_deaf(line.url)
    said = "the database's notifications do not arrive, as behind a pooler in transaction mode: "
    assert caplog.messages == ([f"{said}work is found by looking once in 1 s, not at once"] if deaf else [])
