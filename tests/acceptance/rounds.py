"""One round of the campaign: five runs at once, the bot killed in the middle of all, started again, effects counted.

What a round does follows from its seed, except for the machine's own speed.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from aiohttp import ClientError

from sandbox.waiting import until
from tests.acceptance.people import Deploy, deploy
from tests.acceptance.records import Json, asks_for_approval, outcome
from tests.acceptance.stage import APPROVAL, JOB, KINDS, MIGRATION, ROLLOUT, Stage, expected
from tests.acceptance.tending import tend

LENGTHS = {"command": 2.0, JOB: 2.5, MIGRATION: 2.0, ROLLOUT: 4.0}  # seconds, about
CLICKS = ("before the kill", "with the kill", "while it is down", "afterwards")
_PIECEMEAL = 0.3  # of the migrations run outside transactions
_EARLY = 0.5  # of the Jobs and rollouts meet the kill about when they begin
LATE = 2.0  # seconds by which an end may be seen late, where other tests keep the cores busy


@dataclass(frozen=True)
class Met:
    """What one kill met in one run, and what outsiders counted in the end."""

    kind: str
    run: str
    moment: str  # how far the step was: "began", "pending", "done", "waiting", "approved"
    click: str  # of an approval: when it was given
    asked: int  # questions that a person had to answer
    left: int  # processes and sessions that the kill left behind, all of which ended within the lease
    effects: dict[str, int]
    expected: dict[str, int]

    @property
    def in_the_middle(self) -> bool:
        """Whether the kill came in the middle of what it was meant for."""
        return self.moment in (("waiting", "approved") if self.kind == APPROVAL else ("began", "pending"))

    @property
    def once(self) -> bool:
        """Whether every effect was seen once."""
        return self.effects == self.expected


@dataclass(frozen=True)
class Plan:
    """A round, drawn from its seed."""

    seed: int
    ahead: dict[str, float]  # seconds before the kill at which each run is approved
    piecemeal: bool
    click: str
    click_ahead: float

    @classmethod
    def of(cls, seed: int) -> "Plan":
        """The round of this seed."""
        draw = random.Random(seed)  # noqa: S311  # to be repeated from its seed
        ahead = {kind: draw.uniform(0.3, length) for kind, length in LENGTHS.items()}
        early = (kind for kind in (JOB, ROLLOUT) if draw.random() < _EARLY)  # what they do at once is soon done
        ahead |= {kind: draw.uniform(0, 0.5) for kind in early}
        piecemeal = draw.random() < _PIECEMEAL
        return cls(seed, ahead, piecemeal, draw.choice(CLICKS), draw.uniform(0, 0.08))


async def kill_in_the_middle(stage: Stage, seed: int, *, lease: float) -> list[Met]:
    """Play the round; raises AssertionError where something was left over, TimeoutError where a run stands still."""
    plan = Plan.of(seed)
    runs = [await deploy(stage, kind, piecemeal=plan.piecemeal) for kind in KINDS]
    by_kind = {run.kind: run for run in runs}
    for run in runs:
        await run.until(asks_for_approval, what="waits for an approval")
    clicking = await _set_going(by_kind, plan)
    left = await _kill(stage, plan)
    killed = time.monotonic()
    moments = {run.kind: await run.state() for run in runs}
    if plan.click == "while it is down":
        await _click(by_kind[APPROVAL])
    await stage.world.serve()
    await _no_orphans(left, seconds=max(0.0, killed + lease - time.monotonic()) + LATE)
    await stage.world.slack.bot_connected(seconds=30)
    async with asyncio.TaskGroup() as group:
        tending = {run.kind: group.create_task(tend(run)) for run in runs}
    await asyncio.gather(*clicking, return_exceptions=True)
    return [await _met(run, plan, moments[run.kind], tending[run.kind].result(), left) for run in runs]


async def _set_going(runs: dict[str, Deploy], plan: Plan) -> list["asyncio.Task[None]"]:
    """Approve each run so long before the kill as the plan says; returns when the kill is due."""
    due = time.monotonic() + max(plan.ahead.values())
    going = [_at(due - ahead, runs[kind]) for kind, ahead in plan.ahead.items()]
    clicking = []
    if plan.click == "before the kill":
        going.append(_at(due - 0.5, runs[APPROVAL]))
    if plan.click == "with the kill":
        clicking.append(asyncio.create_task(_click_at(due - plan.click_ahead, runs[APPROVAL])))
    await asyncio.gather(*going, _time(due))
    return clicking


async def _at(moment: float, run: Deploy) -> None:
    await _time(moment)
    await run.approve()


async def _click_at(moment: float, run: Deploy) -> None:
    await _time(moment)
    await _click(run)


async def _click(run: Deploy) -> None:
    """A click that may find nobody there."""
    with suppress(ClientError, TimeoutError):
        await run.approve()


async def _time(moment: float) -> None:
    """Until this moment of the monotonic clock."""
    reached = asyncio.Event()
    asyncio.get_running_loop().call_later(max(0, moment - time.monotonic()), reached.set)
    await reached.wait()


@dataclass(frozen=True)
class Left:
    """What the bot had going outside of itself when it was killed, and which must not outlive its lease."""

    processes: frozenset[tuple[int, str]]  # process id and when it started
    sessions: frozenset[int]  # in the service's database
    database_url: str

    @property
    def count(self) -> int:
        """How much it was."""
        return len(self.processes) + len(self.sessions)

    def standing(self) -> list[str]:
        """What of it still stands."""
        processes = [_command(pid) for pid, started in self.processes if _started(pid) == started]
        return processes + [f"session {pid}" for pid in self.sessions & _sessions(self.database_url)]


async def _kill(stage: Stage, plan: Plan) -> Left:
    bot = stage.world.bot
    assert bot is not None
    assert bot.returncode is None, f"the bot had ended by itself (seed {plan.seed})"
    processes = frozenset((pid, started) for pid in _descendants(bot.pid) if (started := _started(pid)))
    left = Left(processes, _sessions(stage.database_url), stage.database_url)
    bot.kill()
    await bot.wait()
    return left


async def _no_orphans(left: Left, *, seconds: float) -> None:
    try:
        await until(lambda: not left.standing(), seconds=seconds)
    except TimeoutError as late:
        raise AssertionError(f"orphans of the killed bot: {left.standing()}") from late


async def _met(run: Deploy, plan: Plan, then: Json, asked: int, left: Left) -> Met:
    state = await run.state()
    assert state["status"] == "succeeded", f"{run.id} (seed {plan.seed}): {state['status']}: {state['reason']}"
    moment = outcome(then, "effect") or ("waiting" if asks_for_approval(then) else "approved")
    await _card_tells(run, interrupted=outcome(then, "effect") == "began")
    approvals = [event for event in await run.stage.records.events(run.id) if event["kind"] == "approved"]
    effects = {**run.stage.effects(run.kind, run.version), "approvals": len(approvals)}
    wanted = {**expected(run.kind, piecemeal=plan.piecemeal), "approvals": 1}
    click = plan.click if run.kind == APPROVAL else ""
    return Met(run.kind, run.id, moment, click, asked, left.count, effects, wanted)


async def _card_tells(run: Deploy, *, interrupted: bool) -> None:
    card = await run.card(lambda m: "✅ Done" in m.shown)
    if interrupted:
        assert "was interrupted and taken up again" in card.shown, card.shown
    keys = await run.messages()
    assert sorted(keys) == sorted(set(keys)), f"messages stand twice: {keys}"


def _sessions(url: str) -> frozenset[int]:
    query = "select pid from pg_stat_activity where application_name like 'opsbot:%' and datname = current_database()"
    with psycopg.connect(url) as connection:
        return frozenset(int(pid) for (pid,) in connection.execute(query).fetchall())


def _descendants(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            children[int(_stat(int(folder.name))[1])].append(int(folder.name))
    found = [root]
    while found:
        below = children[found.pop()]
        found += below
        yield from below


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; "" where it is gone or only waits to be buried."""
    with suppress(OSError):
        state, *rest = _stat(pid)
        return "" if state == "Z" else rest[18]
    return ""


def _command(pid: int) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return f"{pid} {Path(f'/proc/{pid}/cmdline').read_text(errors='replace').replace(chr(0), ' ')}".strip()
    return f"{pid}, ended just now"


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def printed(round_of: list[Met], seed: int) -> str:
    """A line for each run."""
    return "\n".join(
        f"seed {seed}: {one.kind:9} {one.run:5} killed when {one.moment:8} {one.click:16} "
        f"questions {one.asked}, left behind {one.left}, {one.effects}"
        for one in round_of
    )
