"""`command`: runs one of the service's own commands, as a Job in its image or as a process beside the bot.

What a command left behind is redacted, kept whole under its digest, and shown by its last lines.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from runbooks.catalogue import Runner
from runbooks.redaction import Redactor
from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.command_plan import CommandParams, planned
from runbooks.steps.output import counts, last_line, last_lines, span
from runbooks.vocabulary import Cut, Done, Failed, Json, NotDone, Outcome, Pending

_SOON = timedelta(seconds=1)
_AGAIN = timedelta(seconds=2)
_GRACE = timedelta(seconds=20)  # for a sign that the Job can't start
_ROOM_GRACE = timedelta(minutes=5)  # for a node with room to come up
_TAIL_KEPT, _TAIL_SHOWN = 20, 3  # lines


@dataclass(frozen=True)
class Task:
    """A command, planned; `name` is the same for every attempt at one step of one run, and so fences it."""

    name: str
    cluster: str
    image: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    timeout: timedelta
    run: str
    step: str
    epoch: int
    secrets: Mapping[str, str] = field(default_factory=dict)  # variable -> NAME/KEY, which the cluster fills in
    config_maps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """A command that is over. `why` says what ended it, where it was not itself that did."""

    exit_code: int | None
    output: str
    seconds: float
    why: str = ""


@dataclass(frozen=True)
class JobState:
    """A Job as it stands. `trouble`: why it does not start, or how it ended without an exit code of its own."""

    created_at: datetime
    over: bool = False
    exit_code: int | None = None
    seconds: float = 0
    tail: str = ""  # of its output so far
    trouble: str = ""
    wants_room: bool = False  # no node has room for it, which more nodes may change
    hopeless: bool = False  # something that it names is not there: waiting changes nothing


class Ending(StrEnum):
    """What ending a Job came to."""

    NOTHING = "no Job was under way"
    ENDED = "the Job was ended"
    GOING = "the Job was ended, its pod is still going down"


class JobRefused(Exception):
    """The cluster understood and will not do it; the sentence says why, and may be shown."""


class JobRunner(Protocol):
    """Runs commands as Kubernetes Jobs.

    All methods may raise JobRefused and Unreachable; Fenced where a later holder ended the Job.
    """

    async def start(self, task: Task) -> None:
        """Create the Job; one that stands there by that name is this one."""
        ...

    async def look(self, task: Task) -> JobState | None:
        """How it stands; None where there is no such Job."""
        ...

    async def output(self, task: Task) -> str:
        """What it has printed, the middle of a very long output left out."""
        ...

    async def end(self, task: Task) -> Ending:
        """End it with its pods, and let no late `start` bring it back."""
        ...


class LocalRunner(Protocol):
    """Runs commands as processes beside the bot, for as long as the call lasts."""

    async def run(self, task: Task, report: Callable[[str], Awaitable[None]]) -> Ran:
        """Run it to its end; `report` is told the latest output, never more often than every two seconds."""
        ...


class Outputs(Protocol):
    """Keeps bytes by their digest."""

    async def put(self, data: bytes) -> str:
        """Keep them; answers their SHA-256 in hex."""
        ...


class Command(Step):
    """Runs a command of the catalogue."""

    uses = "command"
    params: type[Params] = CommandParams
    cut = Cut.RECONCILES

    def __init__(self, *, jobs: JobRunner, local: LocalRunner, outputs: Outputs, redactor: Redactor) -> None:
        self._jobs = jobs
        self._local = local
        self._outputs = outputs
        self._redactor = redactor

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """What exactly will be run, and where."""
        assert isinstance(params, CommandParams)  # noqa: S101  # validated as such
        return planned(params, site)

    async def start(self, turn: Turn) -> Outcome:
        """Create the Job, or run the process to its end."""
        task = _task(turn)
        if turn.step.params["runner"] == Runner.LOCAL:
            return await self._beside(turn, task)
        try:
            await self._jobs.start(task)
        except JobRefused as cause:
            return Failed(f"{_named(turn)} did not start. {cause}")
        return Pending(turn.now + _SOON, "starting", {"job": task.name})

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Look at the Job."""
        outcome = await self._looked(turn, token)
        if isinstance(outcome, NotDone):
            return Failed(f"{_named(turn)}: its Job is gone from the cluster, so what came of it is not known.")
        return outcome

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        """The Job stands, or it was never created; one that is created late has the same name."""
        return await self._looked(turn, {"job": _name(turn)})

    async def abandon(self, turn: Turn) -> str:
        """End the Job. A process beside the bot has ended with the lease of the bot that ran it."""
        if turn.step.params["runner"] == Runner.LOCAL:
            return ""
        try:
            return (await self._jobs.end(_task(turn))).value
        except JobRefused as cause:
            return f"its Job could not be ended ({str(cause).rstrip('.')})"

    async def _beside(self, turn: Turn, task: Task) -> Outcome:
        async def report(output: str) -> None:
            if line := last_line(self._redactor.text(output)):
                await turn.report(line)

        return await self._over(turn, await self._local.run(task, report))

    async def _looked(self, turn: Turn, token: Json) -> Outcome | NotDone:
        try:
            state = await self._jobs.look(_task(turn))
            return NotDone() if state is None else await self._seen(turn, state, token)
        except JobRefused as cause:
            return Failed(f"What came of {_named(turn)} is not known. {cause}")

    async def _seen(self, turn: Turn, state: JobState, token: Json) -> Outcome:
        task, late = _task(turn), turn.now - state.created_at >= _timeout(turn)
        if state.over:
            ran = Ran(state.exit_code, await self._jobs.output(task), state.seconds, state.trouble)
            return await self._over(turn, ran)
        if late or state.hopeless or _stuck_for_long(turn, state, token):
            why = f"it was ended after its time-out of {span(task.timeout)}" if late else state.trouble
            ran = Ran(None, await self._jobs.output(task), state.seconds, why)
            await self._jobs.end(task)
            return await self._over(turn, ran)
        line = state.trouble if "since" in token else last_line(self._redactor.text(state.tail))
        return Pending(turn.now + _AGAIN, line or "starting", _still(turn, state, token))

    async def _over(self, turn: Turn, ran: Ran) -> Outcome:
        output = self._redactor.text(ran.output)
        found = counts(output)
        evidence: Json = {
            "command": turn.step.params["command"],
            "exit_code": ran.exit_code,
            "seconds": round(ran.seconds, 1),
            "tests": turn.step.params["tests"],
            "counts": found,
            "output": await self._outputs.put(output.encode()),
            "tail": list(last_lines(output, _TAIL_KEPT)),
        }
        if ran.exit_code == 0:
            said = ", ".join(f"{number} {word}" for word, number in found.items()) or "exit 0"
            parts = [said, span(timedelta(seconds=ran.seconds)), turn.step.params.get("note", "")]
            return Done(" · ".join(filter(None, parts)), evidence)
        return Failed(_reason(turn, ran, output), evidence)


def _reason(turn: Turn, ran: Ran, output: str) -> str:
    lasted = span(timedelta(seconds=ran.seconds))
    how = f"exit code {ran.exit_code} after {lasted}" if ran.exit_code is not None else ""
    said = ", ".join(part for part in (how, ran.why) if part) or "it ended without an exit code"
    shown = " / ".join(last_lines(output, _TAIL_SHOWN))
    return f"{_named(turn)} failed: {said}. " + (f"Last lines: {shown}" if shown else "It printed nothing.")


def _named(turn: Turn) -> str:
    return str(turn.step.params["command"])


def _timeout(turn: Turn) -> timedelta:
    return timedelta(seconds=turn.step.params["timeout"])


def _stuck_for_long(turn: Turn, state: JobState, token: Json) -> bool:
    since = token.get("since") if state.trouble else None
    grace = _ROOM_GRACE if state.wants_room else _GRACE
    return since is not None and turn.now - datetime.fromisoformat(since) >= grace


def _still(turn: Turn, state: JobState, token: Json) -> Json:
    """What the next look must know: since when it has been in trouble."""
    since = {"since": token.get("since", turn.now.isoformat())} if state.trouble else {}
    return {"job": token["job"]} | since


def _task(turn: Turn) -> Task:
    params = turn.step.params
    return Task(
        name=_name(turn),
        cluster=turn.site.environment.cluster,
        image=params["image"],
        argv=tuple(params["argv"]),
        env=params["env"],
        timeout=_timeout(turn),
        run=turn.site.run,
        step=turn.step.id,
        epoch=turn.epoch,
        secrets=params.get("secrets", {}),
        config_maps=params.get("config_maps", {}),
    )


def _name(turn: Turn) -> str:
    """A name that DNS allows; `began_at` keeps runs of the same number in another database apart."""
    identity = f"{turn.site.service_name}/{turn.site.environment_name}/{turn.key}/{turn.began_at.isoformat()}"
    mark = hashlib.sha256(identity.encode()).hexdigest()[:10]
    words = re.sub(r"[^a-z0-9]+", "-", turn.key.lower())[:36].strip("-")
    return f"opsbot-{words}-{mark}"
