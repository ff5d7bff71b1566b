"""People before the engine's small world: what they type and click, what they are told, what is kept."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import psycopg

from commands.clicks import press
from commands.deploy import answer
from commands.edge import Edge, Preview
from commands.rollback import Asking, ask, plan, without_hurry
from commands.views.messages import messages
from commands.views.typed import words_of
from runbooks.catalogue import Environment, Service
from runbooks.concerns import incident_with
from runbooks.durations import Took
from runbooks.endings import release_of
from runbooks.releases.state import Release
from runbooks.vocabulary import Actor, KnownGood
from tests.engine.world import ALEX, RILEY, World

Blocks = tuple[Mapping[str, Any], ...]


class NothingKnown:
    """A way back of which nothing can be read."""

    async def preview(
        self,
        service: tuple[str, Service],
        environment: tuple[str, Environment],
        target: KnownGood,
        release: Release,
        *,
        took: tuple[Took, ...] = (),
    ) -> Preview:
        return Preview()


class Desk:
    """One edge before one world; every gesture has an id of its own, as Slack gives it."""

    def __init__(self, world: World, owner_url: str) -> None:
        self.world = world
        self._owner_url = owner_url
        self._gestures = count(1)

    @property
    def edge(self) -> Edge:
        return Edge(
            self.world.reception, self.world.store, self.world.catalogue, NothingKnown(), lambda: self.world.now
        )

    def _gesture(self, by: Actor) -> dict[str, Any]:
        team, _, user = by.partition("/")
        return {"team_id": team, "user_id": user, "trigger_id": f"{next(self._gestures)}.abc"}

    async def types(self, line: str, by: Actor = RILEY) -> str:
        """Type `/deploy ...` or `/rollback ...`; what only this person sees."""
        command, _, text = line.partition(" ")
        if command == "/deploy":
            return str((await answer(self.edge, {**self._gesture(by), "text": text}))["text"])
        if (planned := without_hurry(words_of(text))) is not None:
            return await plan(self.edge, planned, self._gesture(by))
        return str((await self._asked(text, by))["text"])

    async def offered(self, line: str, by: Actor = ALEX) -> Blocks:
        """Type `/rollback ...`; the private confirmation."""
        return tuple((await self.answered(line, by))["blocks"])

    async def answered(self, line: str, by: Actor = ALEX) -> dict[str, Any]:
        """Type `/rollback ...`; all of the private answer."""
        return await self._asked(line.partition(" ")[2], by)

    async def _asked(self, text: str, by: Actor) -> dict[str, Any]:
        replies: list[dict[str, Any]] = []

        async def respond(**reply: Any) -> None:
            replies.append(reply)

        await ask(self.edge, text, Asking(by, self._gesture(by)["trigger_id"], respond))
        [reply] = replies
        return reply

    async def clicks(self, blocks: Blocks, label: str, by: Actor, *, gesture: str = "") -> tuple[bool, str]:
        """Click a button of a message as it was drawn; whether it was accepted, and the private reply."""
        return await self.presses(self.body(blocks, label, by, gesture))

    async def presses(self, body: dict[str, Any]) -> tuple[bool, str]:
        """The same, of a click as Slack sends it."""
        said = await press(self.edge, body)
        return said.accepted, said.text

    def body(self, blocks: Blocks, label: str, by: Actor, gesture: str = "") -> dict[str, Any]:
        """What Slack sends of a click."""
        team, _, user = by.partition("/")
        elements = [e for b in blocks for e in (*b.get("elements", ()), b.get("accessory") or {})]
        [button] = [e for e in elements if e.get("type") == "button" and e["text"]["text"] == label]
        return {
            "trigger_id": gesture or self._gesture(by)["trigger_id"],
            "user": {"id": user, "team_id": team},
            "actions": [{"action_id": button["action_id"], "value": button["value"]}],
        }

    async def card(self, run: str) -> Blocks:
        """The run's card as it would be drawn now."""
        return await self._message(f"run/{run}", f"run/{run}/card")

    async def finding(self, name: str) -> Blocks:
        """A finding's message as it would be drawn now."""
        return await self._message(f"finding/{name}", f"finding/{name}")

    async def _message(self, stream: str, key: str) -> Blocks:
        state = (await self.world.store.read([stream])).streams[stream].state
        run = state if hasattr(state, "requester") else await self.world.run(state.run)
        incident = incident_with(run)
        seen = {release_of(run): await self.world.release(), f"run/{run.id}": run}
        seen[incident] = (await self.world.store.read([incident])).streams[incident].state
        return next(m.blocks for m in messages(self.world.catalogue, state, lambda name: seen[name]) if m.key == key)

    def records(self) -> list[tuple[Any, ...]]:
        """All that is recorded of runs, releases and findings, and who holds what."""
        with psycopg.connect(self._owner_url) as owner:
            streams = owner.execute("select name, version, state::text from streams order by name").fetchall()
            events = owner.execute("select stream, version, hash from events order by stream, version").fetchall()
            held = owner.execute("select target, stream from reservations order by target").fetchall()
        return [*streams, *events, *held, *((effect,) for effect in self.world.outside.effects)]


def shown(blocks: Blocks) -> str:
    """All that can be read on a message."""
    lines = [b["text"]["text"] for b in blocks if "text" in b]
    lines += [e["text"] for b in blocks for e in b.get("elements", ()) if isinstance(e.get("text"), str)]
    return "\n".join(lines)
