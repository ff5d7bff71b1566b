"""What a process does outside goes through its hand, where it is delayed, stopped or killed, and its answers lost."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from bot.adapters.slack.client import Unanswered
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Unreachable
from tests.simulation.loop import VirtualLoop


@dataclass(frozen=True)
class Faults:
    """How likely each is, at each crossing between a process and the outside."""

    kill: float = 0.0
    stop: float = 0.0
    freeze: float = 0.0  # stopped with a request on its lips: that is sent first of all when the process goes on
    lose: float = 0.0  # an answer
    refuse: float = 0.0  # no answer, and nothing was done
    late: float = 0.0  # a request that arrives long after it was sent
    focus: float = 1.0  # so many times likelier from before a change until it is recorded


CALM = Faults()
PATIENCE = 4.0  # seconds that an outside system is waited for
ANSWERS = 2.0  # seconds that the database is waited for
CHANGING = 8  # crossings from before a change until its outcome is recorded
MOST = 0.5  # however likely
LATE_STATEMENTS, LATE_EDITS = 0.05, 0.2  # of what is late of changes


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
    silent: Callable[[str, str], bool]  # whether that is away, for this process
    skew: float = 0.0  # seconds that this process's clock is ahead
    dead: bool = False
    met: list[str] = field(default_factory=list)
    _changing: int = 0

    async def database(self, name: str, ask: Callable[[], Any]) -> Any:
        """One call of the store. A commit takes two round trips, so none arrives when its sender has given up."""
        await self._cross()
        if self.silent("The store", self.owner):
            await asyncio.sleep(ANSWERS)
            raise StoreUnavailable("the database is away")
        if self._happens("refuse", f"no answer to {name}"):
            raise StoreUnavailable("the database did not answer")
        delay = self._frozen(name)
        if (
            not delay
            and name != "commit"
            and self._happens("late", f"request to the database late: {name}", LATE_STATEMENTS)
        ):
            delay = self.random.uniform(1, 15)
        answer = self._sent(lambda: self.database_answers(ask), delay)
        await asyncio.wait({answer}, timeout=ANSWERS)
        if not answer.done():
            raise StoreUnavailable("the database did not answer in time")
        await self._cross()
        if self._happens("lose", f"answer to {name} lost"):
            raise StoreUnavailable("the database's answer was lost", unknown=name == "commit")
        return answer.result()

    async def outside(self, what: str, ask: Callable[[], Any], *, changes: bool = False) -> Any:
        """Ask an outside system; a change is on its way by itself, and arrives even where the process is no more."""
        if changes:
            self._changing = CHANGING
        await self._cross()
        if self.silent(what, self.owner) or self._happens("refuse", f"{what} does not answer"):
            raise Unreachable(what)
        delay = self._frozen(what) if changes else 0.0
        if not delay and changes and self._happens("late", f"request to {what} late"):
            delay = self.random.uniform(5, 20)
        answer = self._sent(ask, delay or 0.002)
        await asyncio.wait({answer}, timeout=PATIENCE)
        if not answer.done():
            raise Unreachable(what)
        await self._cross()
        if self._happens("lose", f"answer of {what} lost"):
            raise Unreachable(what)
        return answer.result()

    def _frozen(self, what: str) -> float:
        """For how many seconds the process is stopped just now, if it is."""
        if not self._happens("freeze", f"frozen before {what}"):
            return 0.0
        return self._stops()

    def _stops(self) -> float:
        """The process is stopped; a request that is sent now, so many seconds late, comes before all it does then."""
        self.loop.stop_process(self.owner)
        seconds: float = self.random.choice([1, 5, 9, 11, 15, 30])
        self.loop.call_later(seconds + 1e-6, self.loop.wake_process, self.owner, context=Context())
        return seconds

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

    async def posts(self, ask: Callable[[], Any]) -> Any:
        """Ask Slack, which no epoch protects: nothing lies between the last look at the lease and its act."""
        self._alive()
        if self.silent("Slack", self.owner) or self._happens("refuse", "Slack does not answer"):
            raise Unreachable("Slack")
        done = ask()
        await self._cross()
        if self._happens("lose", "answer of Slack lost"):
            raise Unanswered("Slack")
        return done

    async def edits(self, ask: Callable[[], Any]) -> Any:
        """Ask Slack for what may come late: it is done again then."""
        self._alive()
        if self.silent("Slack", self.owner) or not self._happens("late", "edit of Slack late", LATE_EDITS):
            return await self.posts(ask)
        self._sent(ask, self.random.uniform(5, 15))
        await asyncio.sleep(PATIENCE)
        await self._cross()
        raise Unanswered("Slack")

    async def nothing(self) -> None:
        """Ask for nothing, which takes its time too."""
        await self._cross()

    async def _cross(self) -> None:
        self._alive()
        self._changing = max(0, self._changing - 1)
        moment: asyncio.Future[None] = self.loop.create_future()
        self.loop.call_later(self.random.expovariate(300), _happened, moment, context=Context())
        if self._happens("stop", "stopped"):
            self._stops()
        if self._happens("kill", "killed"):
            self.killed(self)
        await moment
        self._alive()

    def _alive(self) -> None:
        if self.dead:
            raise asyncio.CancelledError

    def _happens(self, fault: str, what: str, share: float = 1.0) -> bool:
        faults = self.faults()
        likely: float = getattr(faults, fault) * share
        if self._changing:
            likely = min(MOST, likely * faults.focus)
        if not likely or self.random.random() >= likely:
            return False
        self.met.append(f"{self.loop.time():.3f} {self.owner}: {fault}: {what}")
        return True


def _happened(moment: "asyncio.Future[None]") -> None:
    if not moment.done():
        moment.set_result(None)
