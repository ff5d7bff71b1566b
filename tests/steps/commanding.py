"""Commands of a catalogue, and what a `command` step runs and keeps them with."""

import hashlib
from collections.abc import Iterable

from bot.adapters.processes.runner import LocalProcesses
from runbooks.redaction import Redactor
from runbooks.steps.command import Command, Ending, JobRefused, JobState, Task
from runbooks.vocabulary import Json
from tests.steps.places import site

CANARY = "canary-41bd-9"
COMMANDS = {
    "tests": {"run": ["python", "-m", "pytest", "backend_py/"], "tests": True, "timeout": "10m"},
    "smoke": {"run": ["smoke", "${url}", "${version}"], "env": {"COMMIT": "${commit}"}},
}


class Kept(dict[str, bytes]):
    async def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self[digest] = data
        return digest


class Jobs:
    """A cluster whose Job stands in one state after the other."""

    def __init__(self, states: Iterable[JobState | None] = (), output: str = "", refused: str = "") -> None:
        self.states, self.printed, self.refused = list(states), output, refused
        self.started: list[Task] = []
        self.ended: list[Task] = []

    async def start(self, task: Task) -> None:
        if self.refused:
            raise JobRefused(self.refused)
        self.started.append(task)

    async def look(self, task: Task) -> JobState | None:
        if self.refused:
            raise JobRefused(self.refused)
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    async def output(self, task: Task) -> str:
        return self.printed

    async def end(self, task: Task) -> Ending:
        if self.refused:
            raise JobRefused(self.refused)
        self.ended.append(task)
        return Ending.ENDED


def with_jobs(jobs: Jobs, kept: Kept, local: LocalProcesses) -> Command:
    return Command(jobs=jobs, local=local, outputs=kept, redactor=Redactor([CANARY]))


def place(commands: Json | None = None, **environment: object):
    return site(environment={"url": "https://api.example", **environment}, service={"commands": commands or COMMANDS})
