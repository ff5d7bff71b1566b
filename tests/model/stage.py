"""The real database under every course of events, and the loop in which the engine goes on."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg

from bot.adapters.postgres.pool import Pool
from tests.fixtures.store import EMPTY, PATIENT, StoreDatabase


class Stage:
    """One for all courses; emptied before each."""

    def __init__(self, database: StoreDatabase) -> None:
        self.owner_url = database.owner_url
        self.pool = Pool(database.url, answer_within=PATIENT)
        self._loop = asyncio.new_event_loop()
        self._owner = psycopg.connect(database.owner_url, autocommit=True)

    def answers(self, ask: Callable[[], Any]) -> Any:
        """What it comes to; whatever stands still in the loop goes on standing still."""
        return self._loop.run_until_complete(ask())

    def empty(self) -> None:
        self._owner.execute(EMPTY)

    def count_events(self) -> int:
        ((count,),) = self._owner.execute("select count(*) from events").fetchall()
        return int(count)

    def close(self) -> None:
        self.answers(lambda: self.pool.__aexit__(None, None, None))
        self._owner.close()
        self._loop.close()
