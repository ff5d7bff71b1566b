"""The product's store as a process reaches it: over its hand, and seen by the ledger."""

from collections.abc import Callable
from typing import Any

from bot.adapters.postgres.store import PostgresStore
from tests.simulation.hands import Hand


class Through:
    """An object of the product whose every call goes over the hand to the database."""

    def __init__(self, real: Any, hand: Hand) -> None:
        self._real = real
        self._hand = hand

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._real, name)

        async def call(*args: Any, **values: Any) -> Any:
            return await self._hand.database(name, lambda: method(*args, **values))

        return call


class Asleep(Through):
    """The store; where it is known that nothing is due, it is not asked. Commits ring the bells of all processes."""

    def __init__(self, real: PostgresStore, hand: Hand, world: Any) -> None:
        super().__init__(real, hand)
        self._world = world

    async def claim(self, kinds: Any, *, prefix: str = "") -> Any:
        if self._world.next_due(*kinds, prefix) > self._world.loop.time():
            await self._hand.nothing()
            return None
        return await self._stirring("claim", kinds, prefix=prefix)

    def __getattr__(self, name: str) -> Any:
        if name not in ("commit", "finish", "renew"):
            return super().__getattr__(name)
        return lambda *args, **values: self._stirring(name, *args, **values)

    async def _stirring(self, name: str, *args: Any, **values: Any) -> Any:
        async def asked() -> Any:
            try:
                answer = await getattr(self._real, name)(*args, **values)
            finally:
                self._world.stirred(rings=name == "commit")
            self._world.ledger.answered(name, answer, *args)
            return answer

        return await self._hand.database(name, asked)
