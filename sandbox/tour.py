"""The tour: a good deploy, a crash and a KPI that breaks, both taken back, a rollback by hand, a planned one.

Played by people who type and click in the local Slack; every act ends with what outsiders say, held against the card.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sandbox.outsiders import Facts, look, missing_messages
from sandbox.service.repository import commit_of
from sandbox.slack import Message, NotThere
from sandbox.waiting import until
from sandbox.world import SERVICE, World

_DATE, _GROUP = re.compile(r"<!date[^|>]*\|([^>]*)>"), re.compile(r"<!subteam\^[^|>]*\|([^>]*)>")
_CHANNEL = re.compile(r"<#[^|>]*\|([^>]*)>")
PATIENCE = 90.0  # seconds for one thing to be seen


class TourFailed(Exception):
    """Something that should have been seen was not; the text says what."""


@dataclass
class Tour:
    """Who plays it, and where it is told."""

    world: World
    tell: Callable[[str], None] = print
    patience: float = PATIENCE

    async def play(self) -> None:
        """All acts. Raises TourFailed."""
        try:
            await self.good_deploy()
            await self.crash()
            await self.kpi_breaks()
            await self.back_by_hand()
            await self.back_without_hurry()
        except (NotThere, TimeoutError) as missing:
            lost = await _lost(self.world)
            raise TourFailed(
                f"not seen: {missing}\n{lost}\nThe bot's log ends:\n{self.world.log[-2000:]}"
            ) from missing

    async def good_deploy(self) -> None:
        """v42, approved by a colleague, becomes the last known good."""
        self._act("A good deploy", "v42 brings a migration. A colleague approves it; it becomes the last known good.")
        card = await self.deploy("v42")
        card = await self._tick_until(card, _done)
        await self._see("general", lambda m: "v42" in m.shown and "is deployed to production" in m.shown)
        self._show(card, "Deployed")
        await self._outside("v42", schema="024_tenant_flags", good="v42")

    async def crash(self) -> None:
        """v44 crashes at start: caught, and production goes back by itself."""
        self._act("A crash", "v44 can't start. It is caught, and production goes back by itself.")
        await self.deploy("v44")
        finding = await self._see("incidents", "Deploy failed, rollback needed")
        self._show(finding, "S2")
        failed = await self._see("deploys", f"Deploy failed: {SERVICE} to production")
        self._show(failed, "Deploy failed")
        back = await self._see("deploys", f"since {_run(failed)} failed")
        back = await self.until_card(back, lambda m: "announced" in m.shown or _done(m))
        await self._tick_until(back, _done)
        self._show(await self._now(back), "Rolled back")
        alex = self.world.person("alex")
        await alex.click(finding, "Acknowledge")
        await self._see("incidents", "Acknowledged by")
        await self._outside("v42", schema="024_tenant_flags", good="v42")

    async def kpi_breaks(self) -> None:
        """v46 is healthy and its smoke tests pass, but its plans fail after a while: the watch takes it back."""
        self._act("A KPI that breaks", "v46 is healthy, until its plans begin to fail. The watch sees it.")
        card = await self.deploy("v46")
        card = await self.until_card(card, lambda m: "all well so far" in m.shown)
        self._show(card, "is watched")
        card = await self.until_card(card, lambda m: "Deploy failed" in m.shown)
        self._show(card, "Deploy failed")
        finding = await self._see(
            "incidents", lambda m: f" {_run(card)}" in m.shown and "failed plans" in m.shown.lower()
        )
        self._show(finding, "S2")
        back = await self._see("deploys", f"since {_run(card)} failed")
        await self._tick_until(back, _done)
        self._show(await self._now(back), "Rolled back")
        await self._outside("v42", schema="024_tenant_flags", good="v42")

    async def back_by_hand(self) -> None:
        """Casey takes production back to v41; not the last known good, so a colleague approves."""
        self._act("A rollback by hand", "v41 is older than the last known good, so it needs an approval of its own.")
        casey = self.world.person("casey")
        self.tell(f"Casey types: /rollback {SERVICE} production to v41")
        await casey.command("deploys", f"/rollback {SERVICE} production to v41")
        asked = await casey.sees("deploys", lambda m: "Roll back now" in m.buttons, seconds=self.patience)
        self._show(asked, "only Casey sees this")
        await casey.click(asked, "Roll back now")
        card = await self._see(
            "deploys", lambda m: f"Roll back {SERVICE} production to v41" in m.shown and not m.ephemeral_to
        )
        await self._approve(card)
        card = await self.until_card(card, lambda m: "Leave the schema as it is" in m.buttons)
        self._show(card, "asks about the schema")
        await casey.click(card, "Leave the schema as it is")
        await self._tick_until(card, _done)
        self._show(await self._now(card), "Rolled back")
        await self._outside("v41", schema="024_tenant_flags", good="v42")

    async def back_without_hurry(self) -> None:
        """Casey plans the way back to v42: the procedure is read, a colleague approves, nobody's run is stopped."""
        self._act("A planned rollback", "v42 was better after all. Nothing burns, so it goes back without hurry.")
        casey = self.world.person("casey")
        self.tell(f"Casey types: /rollback {SERVICE} production planned")
        await casey.command("deploys", f"/rollback {SERVICE} production planned")
        said = await casey.sees("deploys", lambda m: "the planned rollback of" in m.shown, seconds=self.patience)
        self.tell(f"  only Casey sees: {said.shown}")
        card = await self._see("deploys", lambda m: _is_card(m, said.shown.split()[0]))
        await self._see("deploys", lambda m: m.thread_ts == card.ts and "Emergency rollback" in m.shown)
        card = await self._tick_until(card, lambda m: "Approve" in m.buttons, by="casey")
        self._show(card, "waits for a colleague")
        await self._approve(card)
        await self._tick_until(card, _done, by="casey")
        self._show(await self._now(card), "Rolled back")
        await self._outside("v42", schema="024_tenant_flags", good="v42")

    async def deploy(self, version: str) -> Message:
        """Riley asks, ticks what people must; Alex approves."""
        riley = self.world.person("riley")
        self.tell(f"Riley types: /deploy {SERVICE} {version} production")
        await riley.command("deploys", f"/deploy {SERVICE} {version} production")
        started = await riley.sees(
            "deploys", lambda m: "started" in m.shown and version in m.shown, seconds=self.patience
        )
        self.tell(f"  only Riley sees: {started.shown}")
        run = started.shown.split()[0]
        card = await self._see("deploys", lambda m: _is_card(m, run))
        card = await self._tick_until(card, lambda m: "Approve" in m.buttons)
        self._show(card, "waits for a colleague")
        await self._see("deploys", f"{run} waits for 1 approval")
        await self._approve(card)
        return card

    async def _approve(self, card: Message) -> None:
        card = await self.until_card(card, lambda m: "Approve" in m.buttons)
        self.tell("Alex clicks: Approve")
        await self.world.person("alex").click(card, "Approve")

    async def _tick_until(self, card: Message, wanted: Callable[[Message], bool], *, by: str = "riley") -> Message:
        """They tick every line that opens, until the card is as wanted."""
        person = self.world.person(by)
        while True:
            card = await self.until_card(card, lambda m: wanted(m) or "Done" in m.buttons)
            if wanted(card):
                return card
            await person.click(card, "Done")
            card = await self.until_card(card, partial(_moved, card, wanted))

    async def _now(self, card: Message) -> Message:
        messages = await self.world.person("riley").messages(card.channel)
        return next((m for m in messages if m.ts == card.ts), card)

    async def until_card(self, card: Message, wanted: Callable[[Message], bool]) -> Message:
        """The card, once it is as wanted. Raises TourFailed where it ended otherwise."""
        before = (await self._now(card)).shown

        async def seen() -> list[Message]:
            now = await self._now(card)
            if _over(now) and not wanted(now):
                raise TourFailed(f"the card ended otherwise than expected:\n{now.shown}")
            return [now] if wanted(now) else []

        return (await until(seen, seconds=self.patience, what=f"the card to move on from:\n{before}"))[0]

    async def _see(self, channel: str, wanted: str | Callable[[Message], bool]) -> Message:
        return await self.world.person("riley").sees(channel, wanted, seconds=self.patience)

    async def _outside(self, version: str, *, schema: str, good: str) -> None:
        """What the outsiders say must agree with the card, and every message must stand in Slack."""
        facts: Facts = await look(self.world)
        commit = commit_of(self.world.repository, good)[:7]
        expected = Facts(frozenset({version}), facts.wanted, facts.wanted, frozenset({version}), schema, commit)
        if facts != expected:
            raise TourFailed(f"outsiders see {facts}, the card says {expected}")
        if lost := await _lost(self.world):
            raise TourFailed(lost)
        self.tell(
            f"Outsiders agree: {facts.ready} of {facts.wanted} pods on {version}, its port answers {version}, "
            f"schema at {schema}, last known good {good} {commit}\n"
        )

    def _readable(self, text: str) -> str:
        """As Slack would draw it: names for mentions, times for dates."""
        for name, identity in self.world.slack.users.items():
            text = text.replace(f"<@{identity}>", f"@{name}")
        text = _CHANNEL.sub(r"#\1", text)
        return _DATE.sub(r"\1", _GROUP.sub(r"\1", text)).replace("*", "").replace("`", "")

    def _act(self, title: str, what: str) -> None:
        self.tell(f"\n=== {title}\n{what}\n")

    def _show(self, message: Message, why: str) -> None:
        lines = "\n".join(f"  | {line}" for line in self._readable(message.shown).splitlines())
        self.tell(f"  [{why}]\n{lines}")


async def _lost(world: World) -> str:
    """Which messages do not stand in Slack, "" where all do."""
    lost = await missing_messages(world)
    return f"not in Slack, though posted: {', '.join(lost)}" if lost else ""


def _moved(before: Message, wanted: Callable[[Message], bool], now: Message) -> bool:
    """Whether the card is as wanted, or a tick was taken."""
    return wanted(now) or now.buttons.count("Done") != before.buttons.count("Done")


def _done(message: Message) -> bool:
    return "✅ Done" in message.shown


def _over(message: Message) -> bool:
    return any(text in message.shown for text in ("✅ Done", "❌", "⏹"))


def _run(message: Message) -> str:
    return next(word for word in message.shown.split() if word.startswith("D-"))


def _is_card(message: Message, run: str) -> bool:
    return f" {run} " in message.shown and "Deploy" in message.shown and not message.ephemeral_to
