"""What people of the tour do: they type, click, wait until something is seen, and tell what they see."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sandbox.outsiders import Facts, look, missing_messages
from sandbox.service.repository import commit_of
from sandbox.slack import Message
from sandbox.waiting import until
from sandbox.world import SERVICE, World

PATIENCE = 90.0  # seconds for one thing to be seen
_DATE, _GROUP = re.compile(r"<!date[^|>]*\|([^>]*)>"), re.compile(r"<!subteam\^[^|>]*\|([^>]*)>")
_CHANNEL, _RUN = re.compile(r"<#[^|>]*\|([^>]*)>"), re.compile(r"\b[A-Z]-\d+\b")
_DEPLOYS, _LESSONS, _RELEASE = "deploys", "Write lessons", "Release deploys"
LEARNED = {
    "text": "Production serves again.",
    "happened": "A release was not what it should have been.",
    "helped": "The way back was known.",
    "change": "Try it longer in staging.",
}
"""What people of the tour write into the form of an incident; whose it is and until when is suggested there."""


class TourFailed(Exception):
    """Something that should have been seen was not; the text says what."""


@dataclass
class Players:
    """Who plays, and where it is told."""

    world: World
    tell: Callable[[str], None] = print
    patience: float = PATIENCE

    def act(self, title: str, what: str) -> None:
        """Tell that an act begins."""
        self.tell(f"\n=== {title}\n{what}\n")

    def show(self, message: Message, why: str) -> None:
        """Tell what stands on a message."""
        self.tell(f"  [{why}]\n{self._drawn(message)}")

    async def types(self, name: str, line: str, wanted: Callable[[Message], bool]) -> Message:
        """Somebody types a command in #deploys; the private answer that fits."""
        person = self.world.person(name)
        before = {message.ts for message in await person.messages(_DEPLOYS)}
        self.tell(f"{name.capitalize()} types: {line}")
        await person.command(_DEPLOYS, line)
        return await person.sees(
            _DEPLOYS, lambda m: m.ts not in before and bool(m.ephemeral_to) and wanted(m), seconds=self.patience
        )

    async def told(self, name: str, line: str, wanted: Callable[[Message], bool]) -> Message:
        """Somebody types a command, and the answer is told."""
        said = await self.types(name, line, wanted)
        first, *more = self.readable(said.shown).splitlines()
        self.tell("\n  | ".join([f"  only {name.capitalize()} sees: {first}", *more]))
        return said

    async def see(self, channel: str, wanted: str | Callable[[Message], bool]) -> Message:
        """The newest message that fits. Raises NotThere."""
        return await self.world.person("riley").sees(channel, wanted, seconds=self.patience)

    async def card_of(self, run: str) -> Message:
        """The card of a run, once it stands."""
        return await self.see(_DEPLOYS, lambda m: _key(m) == f"run/{run}/card")

    async def deploy(self, version: str, environment: str = "production") -> Message:
        """Riley asks, ticks what people must; Alex approves. The card."""
        started = await self.told(
            "riley",
            f"/deploy {SERVICE} {version} {environment}",
            lambda m: f"started: {SERVICE} {version} in {environment}" in m.shown,
        )
        run = run_of(started)
        card = await self.tick_until(await self.card_of(run), asks_for_approval)
        self.show(card, "waits for a colleague")
        await self.see(_DEPLOYS, f"{run} waits for 1 approval")
        await self.approve(card)
        return card

    async def approve(self, card: Message) -> None:
        """Alex does."""
        card = await self.until_card(card, asks_for_approval)
        self.tell("Alex clicks: Approve")
        await self.world.person("alex").click(card, "Approve")

    async def tick_until(self, card: Message, wanted: Callable[[Message], bool], *, by: str = "riley") -> Message:
        """They tick every line that opens, and write the lessons that one asks for, until the card is as wanted."""
        while True:
            card = await self.until_card(card, lambda m: wanted(m) or bool(_open_lines(m)))
            if wanted(card):
                return card
            if "Done" in card.buttons:
                await self.world.person(by).click(card, "Done")
            else:
                await self._write_lessons(by, card)
            card = await self.until_card(card, partial(_moved, card, wanted))

    async def _write_lessons(self, name: str, card: Message) -> None:
        """By the form that the line opens; it ends the incident too."""
        person = self.world.person(name)
        self.tell(f"{name.capitalize()} clicks: {_LESSONS}")
        await person.click(card, _LESSONS)
        await until(person.view, seconds=self.patience, what="the form of the lessons")
        await person.submit(LEARNED)

    async def release_deploys(self, card: Message, why: str) -> None:
        """Alex says why deploys may go on after a rollback."""
        alex = self.world.person("alex")
        self.tell(f"Alex clicks: {_RELEASE}, and writes: {why}")
        await alex.click(card, _RELEASE)
        await until(alex.view, seconds=self.patience, what="the form that releases deploys")
        await alex.submit({"reason": why})
        released = await self.see(_DEPLOYS, lambda m: m.ts == card.ts and "were released by" in m.shown)
        self.tell(f"  | {self.readable(released.shown).splitlines()[-1]}\n")

    async def until_card(self, card: Message, wanted: Callable[[Message], bool]) -> Message:
        """The card, once it is as wanted. Raises TourFailed where it ended otherwise."""
        before = (await self.now(card)).shown

        async def seen() -> list[Message]:
            now = await self.now(card)
            if _over(now) and not wanted(now):
                raise TourFailed(f"the card ended otherwise than expected:\n{now.shown}")
            return [now] if wanted(now) else []

        return (await until(seen, seconds=self.patience, what=f"the card to move on from:\n{before}"))[0]

    async def now(self, card: Message) -> Message:
        """The message as it is by now."""
        messages = await self.world.person("riley").messages(card.channel)
        return next((m for m in messages if m.ts == card.ts), card)

    async def outside(self, version: str, *, schema: str, good: str, environment: str = "production") -> None:
        """What the outsiders say must agree with the card, and every message must stand in Slack."""
        facts: Facts = await look(self.world, environment)
        commit = commit_of(self.world.repository, good)[:7]
        expected = Facts(frozenset({version}), facts.wanted, facts.wanted, frozenset({version}), schema, commit)
        await self.agree(
            facts,
            expected,
            f"{facts.ready} of {facts.wanted} pods on {version}, its port answers {version}, "
            f"schema at {schema}, last known good {good} {commit}",
        )

    async def agree(self, found: object, expected: object, told: str) -> None:
        """Tell what outsiders found, where it is what was expected and no message is lost. Raises TourFailed."""
        if found != expected:
            raise TourFailed(f"outsiders see {found}, the card says {expected}")
        if lost := await lost_messages(self.world):
            raise TourFailed(lost)
        self.tell(f"Outsiders agree: {told}\n")

    def readable(self, text: str) -> str:
        """As Slack would draw it: names for mentions, times for dates."""
        for name, identity in self.world.slack.users.items():
            text = text.replace(f"<@{identity}>", f"@{name}")
        text = _CHANNEL.sub(r"#\1", text)
        return _DATE.sub(r"\1", _GROUP.sub(r"\1", text)).replace("*", "").replace("`", "")

    def _drawn(self, message: Message) -> str:
        return "\n".join(f"  | {line}" for line in self.readable(message.shown).splitlines())


async def lost_messages(world: World) -> str:
    """Which messages do not stand in Slack, "" where all do."""
    lost = await missing_messages(world)
    return f"not in Slack, though posted: {', '.join(lost)}" if lost else ""


def done(message: Message) -> bool:
    """Whether the card says that its run ended well."""
    return "✅ Done" in message.shown


def asks_for_approval(message: Message) -> bool:
    """Whether the card can be approved."""
    return "Approve" in message.buttons


def run_of(message: Message) -> str:
    """The first run that a message names: of a card, its own."""
    found = _RUN.search(message.shown)
    if found is None:
        raise TourFailed(f"no run is named in:\n{message.shown}")
    return found[0]


def _moved(before: Message, wanted: Callable[[Message], bool], now: Message) -> bool:
    """Whether the card is as wanted, or a tick was taken."""
    return wanted(now) or _open_lines(now) != _open_lines(before)


def _open_lines(message: Message) -> list[str]:
    """The buttons of the lines that people do."""
    return [label for label in message.buttons if label in ("Done", _LESSONS)]


def _over(message: Message) -> bool:
    return any(text in message.shown for text in ("✅ Done", "❌", "⏹"))


def _key(message: Message) -> str:
    """The key that a message of the bot carries."""
    return str(message.blocks[0].get("block_id", "")) if message.blocks else ""
