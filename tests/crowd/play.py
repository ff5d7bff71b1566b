"""Runs that end at once, or one after the other, in real time: how long each one's end takes to stand on its card."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.slack import Message
from sandbox.waiting import until
from tests.crowd.world import World

LONGEST = 900.0  # seconds until all cards say all
ENDED = "Deploy aborted"
AT_ONCE = 8  # gestures that are under way
TRIES = 10  # of a gesture, as a person's: it is refused where Slack does not say in time who is in which group


@dataclass
class Crowd:
    """Runs that are under way, and when they were ended."""

    world: World
    ended: dict[str, datetime] = field(default_factory=dict)  # before the gesture that ended it, by run

    async def begins(self) -> dict[str, Message]:
        """A run of each service; their cards, once each asks for its first line."""
        for _ in range(TRIES):
            lacking = set(self.world.services) - set((await self.world.going()).values())
            await _some(self._types(f"/deploy {service} v1") for service in sorted(lacking))

        async def asking() -> dict[str, Message]:
            going = await self.world.going()
            cards = {run: card for run, card in (await self.world.cards()).items() if run in going}
            asks = [card for card in cards.values() if "Abort" in card.buttons and len(card.buttons) > 1]
            return cards if len(asks) == len(self.world.services) and not await self.world.owed() else {}

        return await until(asking, seconds=LONGEST, what="that all cards ask")

    async def end_at_once(self, cards: Mapping[str, Message]) -> None:
        """All runs are ended, as fast as the acknowledgements come."""
        await _some(self._ends(run) for run in cards)
        await self.all_shown()

    async def end_in_turn(self, cards: Mapping[str, Message], *, every: float) -> None:
        """One run ends in so many seconds, and each time another one's card moves."""
        loop = asyncio.get_running_loop()
        began, runs = loop.time(), list(cards)
        for number, run in enumerate(runs):
            await asyncio.sleep(max(0, began + number * every - loop.time()))
            await self._ends(run)
            for other in runs[number + len(runs) // 2 :][:1]:
                await self.world.slack.person("riley").click(cards[other], cards[other].buttons[0])
        await self.all_shown()

    async def all_shown(self) -> None:
        """Until Slack shows all that happened; every card says its end then, and stands once."""
        await until(self._rests, seconds=LONGEST, what="that Slack shows all")
        cards = await self.world.cards()
        wrong = [run for run in self.ended if ENDED not in cards[run].shown]
        assert not wrong, f"these cards do not say that it is over: {wrong}"

    def late(self) -> list[float]:
        """From each run's end until Slack took the edit that says so, in seconds; the shortest first."""
        shown: dict[str, datetime] = {}
        for call in self.world.slack.journal.calls("chat.update"):
            blocks = call.args["blocks"]
            if call.status == 200 and ENDED in str(blocks):
                shown.setdefault(blocks[0]["block_id"].split("/")[1], call.at)
        return sorted((shown[run] - at).total_seconds() for run, at in self.ended.items())

    async def _rests(self) -> bool:
        return not await self.world.owed()

    async def _types(self, line: str) -> None:
        await self.world.slack.person("riley").command("crowd-0", line)

    async def _ends(self, run: str) -> None:
        for _ in range(TRIES):
            if run in await self.world.going():
                self.ended[run] = datetime.now(UTC)
                await self._types(f"/deploy abort {run}")


async def _some(gestures: Iterable[Awaitable[None]]) -> None:
    """All of them, several at a time."""
    left = iter(gestures)

    async def one_after_the_other() -> None:
        for gesture in left:
            await gesture

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
