"""What people do, by the seed: one deploy after the other at each service, with aborts, rollbacks and mistakes."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox.slack import Message
from tests.chaos.gestures import Gesture
from tests.chaos.places import APPROVERS, ENVIRONMENT, OUTSIDERS, REQUESTERS, Place, version
from tests.chaos.world import VERSIONS, World

RUN = re.compile(r"\b[DR]-[0-9]+\b")
RELEASE = "Release deploys"
OVER = ("✅ Done", "❌", "⏹")
WHY = "the cause is known"  # said where deploys are released after a rollback
PATIENCE = 15.0  # seconds until somebody tries again
LOST_AFTER = 240.0  # seconds without any change of a card, once nothing is begun any more


def over(card: Message | None) -> bool:
    """Whether a card says that its run has ended."""
    return card is not None and any(mark in _last(card) for mark in OVER)


def _last(card: Message) -> str:
    """The card without its steps, whose marks are alike: what stands below the last line."""
    texts = [str(block["text"]["text"]) for block in card.blocks if block.get("type") == "section"]
    return "\n".join(text for text in texts if text.startswith(OVER))


class People:
    """Everybody; `ending` is set when nothing new is to be begun."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.ending = asyncio.Event()
        self.did: Counter[str] = Counter()
        self.stuck: list[str] = []
        self._seed = seed

    async def live(self) -> None:
        """Work at all services until nothing new is begun, and what was begun is over."""
        async with asyncio.TaskGroup() as group:
            for place in self.world.services:
                group.create_task(_Team(self, place, random.Random(f"{self._seed}/{place.service}")).work())  # noqa: S311  # to be repeated from its seed

    def who(self, name: str) -> str:
        """Slack's id of somebody."""
        return self.world.slack.users[name]


class _Team:
    """Those who look after one service."""

    def __init__(self, people: People, place: Place, whims: random.Random) -> None:
        self._people, self._place, self._whims = people, place, whims
        self._hands, self._board = people.world.hands, people.world.board
        self._version = 0

    async def work(self) -> None:
        await asyncio.sleep(self._whims.uniform(0, 3))
        while not self._people.ending.is_set() and self._version < VERSIONS:
            self._version += 1
            await self._deploy(version(self._version))
        await self._tidy()

    async def _deploy(self, wanted: str) -> None:
        """Until a run of this version has ended, whichever gesture began it."""
        while not self._people.ending.is_set():
            await self._release()
            known = {run for run, _ in self._board.cards(self._place.channel)}
            line = f"/deploy {self._place.service} {wanted}"
            asked = await self._types("deploy", self._whims.choice(REQUESTERS), line, version=wanted)
            if asked.said and "are held" in asked.said[0]:
                await self._sees(self._held, seconds=PATIENCE)
            elif not asked.said or "started" in asked.said[0]:  # else it is known that nothing was
                await self._sees(lambda known=known: self._new(known), seconds=PATIENCE)
            ran = await self._attend_all()
            if wanted in ran:
                return

    async def _release(self) -> None:
        """After a rollback somebody who may says why deploys may go on."""
        while (held := self._held()) and not self._people.ending.is_set():
            line = f"/deploy unlock {self._place.service} {ENVIRONMENT} {WHY}"
            await self._types("unlock", self._whims.choice(APPROVERS), line)
            await self._sees(lambda held=held: self._held() != held, seconds=PATIENCE)

    def _held(self) -> list[str]:
        """The rollbacks whose cards say that deploys are held since then."""
        return [run for run, card in self._board.cards(self._place.channel) if RELEASE in card.buttons]

    def _new(self, known: set[str]) -> bool:
        return any(run not in known for run, _ in self._board.cards(self._place.channel))

    async def _attend_all(self) -> list[str]:
        """Whatever is under way here; the versions whose deploys ended."""
        ended: list[str] = []
        while going := self._going():
            for run in going:
                await self._attend(run)
                ended.append(self._version_of(run))
        return ended

    def _going(self) -> list[str]:
        return [run for run, card in self._board.cards(self._place.channel) if not over(card)]

    def _version_of(self, run: str) -> str:
        card = self._board.card(run)
        found = re.search(r"\*(v[0-9]+(-crash)?)\*", card.shown) if card else None
        return found[1] if found else ""

    async def _attend(self, run: str) -> None:
        """Do what the card asks for until it is over."""
        aborts = self._whims.random() < 0.04
        goes_back = run.startswith("D-") and self._whims.random() < 0.04
        seen: Message | None = None
        still = 0.0
        while not over(card := self._board.card(run)):
            assert card is not None
            if card is not seen:
                seen, still = card, 0.0
            if "Approve" in card.buttons:
                await self._judge(card)
            elif aborts and self._whims.random() < 0.5:
                aborts = False
                await self._clicks("abort", self._whims.choice(APPROVERS), card, "Abort")
            elif goes_back and self._whims.random() < 0.3:
                goes_back = False
                await self._go_back()
            elif answers := [
                button for button in card.buttons if button not in ("Approve", "Reject", "Abort", RELEASE)
            ]:
                self._people.stuck.append(f"{run} asks: {card.shown[-300:]} {answers}")
                return
            moved = await self._sees(lambda card=card: self._board.card(run) is not card, seconds=PATIENCE)
            still = 0.0 if moved or not self._people.ending.is_set() else still + PATIENCE
            if still >= LOST_AFTER:
                self._people.stuck.append(f"{run} stands still: {card.shown[-300:]}")
                return

    async def _judge(self, card: Message) -> None:
        """Approve, now and then wrongly first, twice, or not at all."""
        await asyncio.sleep(self._whims.uniform(0, 1))
        dice = self._whims.random()
        if dice < 0.04:
            await self._clicks("approve", self._whims.choice((*OUTSIDERS, "robin")), card, "Approve")
        elif dice < 0.06:
            await self._clicks("approve", "riley", card, "Approve")  # one's own request, half of the time
        elif dice < 0.08:
            await self._clicks("reject", self._whims.choice(APPROVERS), card, "Reject")
            return
        await self._clicks("approve", self._whims.choice(APPROVERS), card, "Approve")
        if self._whims.random() < 0.06:
            await self._clicks("approve", self._whims.choice(APPROVERS), card, "Approve")

    async def _go_back(self) -> None:
        """`/rollback`, and the click that does it, once or twice."""
        somebody = self._whims.choice(APPROVERS)
        asked = await self._types("rollback", somebody, f"/rollback {self._place.service}")
        await self._sees(lambda: asked.offered or asked.said, seconds=5)
        if not asked.offered:
            return
        offer = asked.offered[0]
        confirmation = Message(self._place.channel, "0", str(offer.get("text", "")), tuple(offer["blocks"]))
        for _ in range(2 if self._whims.random() < 0.2 else 1):
            await self._clicks("confirm", somebody, confirmation, "Roll back now")

    async def _tidy(self) -> None:
        """What was begun by a gesture that came late, too."""
        while self._going():
            await self._attend_all()

    async def _types(self, kind: str, name: str, line: str, **facts: Any) -> Gesture:
        self._people.did[kind] += 1
        facts = {"service": self._place.service, "environment": ENVIRONMENT, **facts}
        return await self._hands.types(kind, self._people.who(name), self._place.channel, line, **facts)

    async def _clicks(self, kind: str, name: str, card: Message, action: str) -> None:
        self._people.did[kind] += 1
        await self._hands.clicks(kind, self._people.who(name), card, action, card=card.shown)

    async def _sees(self, found: Callable[[], Any], *, seconds: float) -> bool:
        return bool(await self._board.until(self._place.channel, found, seconds=seconds))
