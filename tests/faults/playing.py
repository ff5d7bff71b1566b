"""One play: a deploy whose first process dies at one point, what people do meanwhile, and what came of it."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError

from sandbox.slack import NotThere
from sandbox.slack.journal import Envelope
from sandbox.waiting import until
from tests.acceptance.people import key_of
from tests.acceptance.records import Json, brief, outcome, over
from tests.faults.stories import Story
from tests.faults.world import CHANNEL, World

WITHIN = 180.0  # seconds; a busy machine takes long, and that is no fault
_NOT_HEARD = (ClientError, TimeoutError, NotThere)


@dataclass(frozen=True)
class Met:
    """What one play came to."""

    killed: bool
    statuses: tuple[str, ...]  # of its runs, as they began
    effects: Mapping[str, int]
    twice: Mapping[str, int]  # what stands more than once in Slack
    card: str  # of the first of them

    def is_fine(self, story: Story) -> bool:
        """Whether all is as if nothing had happened."""
        seen = (self.statuses, self.effects, self.twice)
        return seen == (story.ends, story.once, {}) and story.says in self.card


async def play(world: World, story: Story, at: str = "") -> Met:
    """Deploy the next version; the first process dies at this point, and another takes over."""
    version = await asyncio.to_thread(story.release, world)
    await asyncio.to_thread(world.slack.reset)
    playing = _Play(world, story, version, born=await world.born())
    first = await world.serve(at)
    try:
        await until(playing.is_over, seconds=WITHIN, what=version)
        return await playing.met(killed=bool(at) and first.ended.is_set())
    except TimeoutError as late:
        log = (world.folder / "log").read_text()[-3000:]
        raise TimeoutError(f"{await playing.stands()}\n{log}") from late
    finally:
        await playing.leave()
        await world.ends()


@dataclass
class _Play:
    world: World
    story: Story
    version: str
    born: int
    doing: "asyncio.Task[None] | None" = None
    runs: dict[str, Json] = field(default_factory=dict)

    async def is_over(self) -> bool:
        """One look: start who is to serve, do what waits for people; whether nothing is left to do."""
        world = self.world
        if world.serving is None or world.serving.ended.is_set():
            await self.leave()
            await world.serve()
        told = any(_says_recorded(envelope) for envelope in world.slack.journal.envelopes)
        self.runs = await world.runs(self.born)
        assert self.runs or not told, "acknowledged, and not recorded"
        if self.doing is not None and self.doing.done():
            await self.leave()
        if self.doing is None and world.slack.proxy.sockets.count:
            await self._people()
        quiet = self.doing is None and self.runs and all(map(over, self.runs.values()))
        return bool(quiet) and not await world.held() and not await world.busy() and not world.serving.ended.is_set()

    async def met(self, *, killed: bool) -> Met:
        """What outsiders see now."""
        [run, *_] = self.runs
        cards = [each for each in await self.world.messages(run) if key_of(each).endswith("/card")]
        return Met(
            killed,
            tuple(state["status"] for state in self.runs.values()),
            await asyncio.to_thread(self.story.effects, self.world, self.version, list(self.runs)),
            {key: times for key, times in self.world.posted.items() if times > 1},
            "\n".join(card.shown for card in cards),
        )

    async def stands(self) -> str:
        """Where it stands, in a line."""
        return f"{[brief(state) for state in self.runs.values()]} {await self.world.busy()}"

    async def leave(self) -> None:
        """Whoever waits for an answer of a process that is gone waits no more."""
        doing, self.doing = self.doing, None
        if doing is not None:
            doing.cancel()
            with suppress(*_NOT_HEARD, asyncio.CancelledError):
                await doing

    async def _people(self) -> None:
        """Ask for the deploy where nothing is known of it; else approve, and answer what is asked."""
        if not self.runs:
            riley = self.world.slack.person("riley")
            return self._do(riley.command(CHANNEL, f"/deploy api {self.version}"))
        if self.story.takes_back(self.runs):
            return self._do(self._take_back())
        if all(map(over, self.runs.values())) and await self.world.held():
            alex = self.world.slack.person("alex")
            return self._do(alex.command(CHANNEL, "/deploy unlock api the cause is known"))
        for run, state in self.runs.items():
            if any(outcome(state, step) == "in-doubt" for step in state["steps"]):
                there = self.story.marked(self.world, self.version)
                await self._click(run, "riley", "It was done" if there else "Not done, do it")
            elif not over(state) and not state["approvals"]:
                await self._click(run, "alex", "Approve")  # once its card asks for it
        return None

    async def _click(self, run: str, person: str, button: str) -> None:
        for message in reversed(await self.world.messages(run)):
            if button in message.buttons:
                return self._do(self.world.slack.person(person).click(message, button))
        return None

    async def _take_back(self) -> None:
        casey = self.world.slack.person("casey")
        await casey.command(CHANNEL, "/rollback api")
        asked = await casey.sees(CHANNEL, lambda message: "Roll back now" in message.buttons, seconds=5)
        await casey.click(asked, "Roll back now")

    def _do(self, gesture: Coroutine[Any, Any, None]) -> None:
        self.doing = asyncio.create_task(gesture)


def _says_recorded(command: Envelope) -> bool:
    """Whether its acknowledgement says so, or says nothing: what was refused or could not be recorded is told."""
    said = str(command.ack or "")
    return command.type == "slash_commands" and command.ack is not None and (not said or " started: " in said)
