"""What people do with one run: ask for it, approve it, answer what it asks, and read its card."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack import Message
from sandbox.waiting import until
from tests.acceptance.records import Json, Wanted, asks_for_approval, brief, outcome, over
from tests.acceptance.stage import CHANNEL, Stage, service_name

Look = Callable[[Message], bool]


@dataclass(frozen=True)
class Deploy:
    """A run that was asked for."""

    stage: Stage
    kind: str
    version: str
    id: str

    async def state(self) -> Json:
        """As it is recorded now."""
        return await self.stage.records.run(self.id)

    async def until(self, wanted: Wanted, *, seconds: float = 40, what: str = "") -> Json:
        """Its recorded state, once it is as wanted."""
        return await self.stage.records.until(self.id, wanted, seconds=seconds, what=what)

    async def card(self, wanted: Look = lambda _: True, *, seconds: float = 20) -> Message:
        """Its card, once it shows what is wanted."""
        riley = self.stage.world.person("riley")

        async def seen() -> list[Message]:
            found = [m for m in await riley.messages(CHANNEL) if key_of(m) == f"run/{self.id}/card"]
            return [m for m in found if wanted(m)]

        return (await until(seen, seconds=seconds, what=f"the card of {self.id} as wanted"))[0]

    async def approve(self) -> None:
        """Alex clicks the button."""
        await self.until(asks_for_approval, what="waits for an approval")
        card = await self.card(lambda m: "Approve" in m.buttons)
        await self.stage.world.person("alex").click(card, "Approve")

    async def choose(self, label: str) -> None:
        """Riley answers what the run asks."""
        card = await self.card(lambda m: label in m.buttons)
        await self.stage.world.person("riley").click(card, label)

    async def begun(self) -> Json:
        """Its state, once its one step has begun."""
        return await self.until(lambda state: bool(outcome(state, "effect")) or over(state), what="begins")

    async def ended(self, *, seconds: float = 60) -> Json:
        """Its state, once it is over."""
        return await self.until(over, seconds=seconds, what="ends")

    async def succeeded(self, *, seconds: float = 60) -> Json:
        """Its state, once it has ended well."""
        state = await self.ended(seconds=seconds)
        assert state["status"] == "succeeded", f"{self.id} of {self.kind}: {brief(state)}"
        return state

    async def messages(self) -> list[str]:
        """The keys of all its messages that stand in Slack."""
        found = await self.stage.world.person("riley").messages(CHANNEL)
        return [key for m in found if (key := key_of(m)).startswith(f"run/{self.id}/")]


async def deploy(stage: Stage, kind: str, *, piecemeal: bool = False) -> Deploy:
    """Riley types the command for a new version."""
    riley, version = stage.world.person("riley"), stage.release(kind, piecemeal=piecemeal)
    await riley.command(CHANNEL, f"/deploy {service_name(kind)} {version}")
    said = await riley.sees(CHANNEL, f"started: {service_name(kind)} {version}", seconds=20)
    return Deploy(stage, kind, version, said.shown.split()[0])


def key_of(message: Message) -> str:
    """The key that a message of the bot carries."""
    return str(message.blocks[0].get("block_id", "")) if message.blocks else ""
