"""What a process does outside goes through its hand, where it is delayed, stopped or killed, and its answers lost."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Unreachable
from tests.simulation.loop import VirtualLoop


@dataclass(frozen=True)
class Faults:
    """How likely each is, at each crossing between a process and the outside."""

    kill: float = 0.0
    stop: float = 0.0
    lose: float = 0.0  # an answer
    refuse: float = 0.0  # no answer, and nothing was done
    late: float = 0.0  # a change that arrives long after it was sent


CALM = Faults()
PATIENCE = 4.0  # seconds that an outside system is waited for


class Bridge(Protocol):
    def __call__(self, ask: Callable[[], Any]) -> Any:
        """The answer of one statement of the real database; nothing else goes on meanwhile."""
        ...


@dataclass
class Hand:
    """One process's, until it is killed."""

    owner: str
    loop: VirtualLoop
    random: Random
    database_answers: Bridge
    killed: Callable[["Hand"], None]
    faults: Callable[[], Faults]
    dead: bool = False
    met: list[str] = field(default_factory=list)

    async def database(self, name: str, ask: Callable[[], Any]) -> Any:
        """One call of the store."""
        await self._cross()
        if self._happens(self.faults().refuse, f"no answer to {name}"):
            raise StoreUnavailable("the database did not answer")
        answer = self._sent(lambda: self.database_answers(ask), 0.0)
        await asyncio.wait({answer})
        await self._cross()
        if self._happens(self.faults().lose, f"answer to {name} lost"):
            raise StoreUnavailable("the database's answer was lost", unknown=name == "commit")
        return answer.result()

    async def outside(self, what: str, ask: Callable[[], Any], *, changes: bool = False) -> Any:
        """Ask an outside system; a change is on its way by itself, and arrives even where the process is no more."""
        await self._cross()
        if self._happens(self.faults().refuse, f"{what} does not answer"):
            raise Unreachable(what)
        late = changes and self._happens(self.faults().late, f"request to {what} late")
        answer = self._sent(ask, self.random.uniform(5, 20) if late else 0.002)
        await asyncio.wait({answer}, timeout=PATIENCE)
        if not answer.done():
            raise Unreachable(what)
        await self._cross()
        if self._happens(self.faults().lose, f"answer of {what} lost"):
            raise Unreachable(what)
        return answer.result()

    def _sent(self, ask: Callable[[], Any], seconds: float) -> "asyncio.Future[Any]":
        """Its answer; what was sent arrives after so long, whatever becomes of us."""
        answer: asyncio.Future[Any] = self.loop.create_future()

        def arrives() -> None:
            try:
                done = ask()
            except Exception as raised:
                if not answer.done():
                    answer.set_exception(raised)
                    answer.exception()  # whoever waited may be gone
            else:
                if not answer.done():
                    answer.set_result(done)

        self.loop.call_later(seconds, arrives, context=Context())
        return answer

    async def at_once(self, what: str, ask: Callable[[], Any]) -> Any:
        """Ask Slack, which no epoch protects: nothing lies between the last look at the lease and its act."""
        self._alive()
        if self._happens(self.faults().refuse, f"{what} does not answer"):
            raise Unreachable(what)
        done = ask()
        await self._cross()
        if self._happens(self.faults().lose, f"answer of {what} lost"):
            raise Unreachable(what)
        return done

    async def nothing(self) -> None:
        """Ask for nothing, which takes its time too."""
        await self._cross()

    async def _cross(self) -> None:
        self._alive()
        moment: asyncio.Future[None] = self.loop.create_future()
        self.loop.call_later(self.random.expovariate(300), _happened, moment, context=Context())
        if self._happens(self.faults().stop, "stopped"):
            self.loop.stop_process(self.owner)
            seconds = self.random.choice([1, 5, 9, 11, 15, 30])
            self.loop.call_later(seconds, self.loop.wake_process, self.owner, context=Context())
        if self._happens(self.faults().kill, "killed"):
            self.killed(self)
        await moment
        self._alive()

    def _alive(self) -> None:
        if self.dead:
            raise asyncio.CancelledError

    def _happens(self, likely: float, what: str) -> bool:
        if not likely or self.random.random() >= likely:
            return False
        self.met.append(f"{self.loop.time():.3f} {self.owner}: {what}")
        return True


def _happened(moment: "asyncio.Future[None]") -> None:
    if not moment.done():
        moment.set_result(None)


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
