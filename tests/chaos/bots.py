"""The processes of the bot: started, killed, stopped and woken; one that ended by itself is started again."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.nursery import Nursery, Process

_LOOK = 0.5  # seconds
_READY = (b"connected to Slack", b"taking Slack's requests")
_SPEAKS_WITHIN = 5.0  # seconds from an acknowledgement to what else is to be said


@dataclass
class Bot:
    """One of them, whichever process it is just now."""

    number: int
    environment: Mapping[str, str]
    log: Path
    process: Process | None = None
    port: int = 0  # where it takes signed HTTP; 0: it holds a socket
    standing: bool = False  # stopped by SIGSTOP
    wanted: bool = True  # whether it is to run
    began: int = 0  # where in the log its process begins
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def ready(self) -> bool:
        """Whether it has come so far that people reach it."""
        said = self.log.read_bytes()[self.began :] if self.up and self.log.exists() else b""
        return any(sentence in said for sentence in _READY)

    @property
    def up(self) -> bool:
        """Whether its process is there and goes on."""
        return self.process is not None and self.process.returncode is None and not self.standing


@dataclass
class Bots:
    """All of them."""

    every: Sequence[Bot]
    nursery: Nursery
    kills: int = 0
    stops: int = 0
    ended: list[str] = field(default_factory=list)  # which ended by itself, and how
    troubled: list[float] = field(default_factory=list)  # when one was killed or stopped; seconds since 1970

    async def start(self, bot: Bot) -> None:
        """Start it, where it does not run."""
        async with bot.starting:
            bot.wanted = True
            if bot.process is None or bot.process.returncode is not None:
                bot.began = bot.log.stat().st_size if bot.log.exists() else 0
                bot.process = await self.nursery.start(bot.environment, bot.log)

    async def kill(self, bot: Bot) -> None:
        """SIGKILL; it stays down until it is started."""
        bot.wanted = bot.standing = False
        if bot.process is not None and bot.process.returncode is None:
            self.kills += 1
            self.troubled.append(time.time())
            bot.process.send_signal(signal.SIGKILL)
            await bot.process.wait()

    def stop(self, bot: Bot) -> None:
        """SIGSTOP."""
        assert bot.process is not None
        self.stops += 1
        self.troubled.append(time.time())
        bot.standing = True
        bot.process.send_signal(signal.SIGSTOP)

    def wake(self, bot: Bot) -> None:
        """SIGCONT."""
        bot.standing = False
        if bot.process is not None and bot.process.returncode is None:
            bot.process.send_signal(signal.SIGCONT)

    def quiet(self, at: float) -> bool:
        """Whether all of them lived on for some seconds after this moment."""
        return not any(at - 0.5 < trouble < at + _SPEAKS_WITHIN for trouble in self.troubled)

    async def tend(self) -> None:
        """Start anew what ended by itself, as a supervisor does; until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            for bot in self.every:
                if bot.starting.locked() or not bot.wanted or bot.process is None:
                    continue
                if (code := bot.process.returncode) is not None:
                    self.ended.append(f"bot {bot.number}: exit code {code}: {_last_line(bot)}")
                    await self.start(bot)

    async def end(self) -> None:
        """SIGTERM, and SIGKILL for what does not end by it."""
        for bot in self.every:
            bot.wanted = False
            self.wake(bot)
            if bot.process is not None and bot.process.returncode is None:
                bot.process.send_signal(signal.SIGTERM)
        for bot in self.every:
            if bot.process is None:
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(30):
                    await bot.process.wait()
            if bot.process.returncode is None:
                bot.process.send_signal(signal.SIGKILL)
                await bot.process.wait()


def _last_line(bot: Bot) -> str:
    with bot.log.open(errors="replace") as log:
        log.seek(bot.began)
        return (log.read().splitlines() or ["it said nothing"])[-1]


def inherited() -> dict[str, str]:
    """What of our own environment a process needs."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
