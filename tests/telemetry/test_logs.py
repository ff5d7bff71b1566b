"""Lines of the log: the ids of what is at work, no secret, and one JSON object a line where machines read them."""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from bot.telemetry import logs
from runbooks.redaction import HIDDEN, Redactor
from runbooks.steps.base import Turn
from tests.engine.world import World
from tests.telemetry.conftest import Watched

CANARY = "canary-made-up-0451"


@pytest.fixture
def written() -> Iterator[Callable[[bool], io.StringIO]]:
    """Begins the log, on a stream that can be read; the root logger is as before at the end."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()

    def begin(machine: bool) -> io.StringIO:
        root.handlers = [logging.StreamHandler(stream)]
        logs.begin(level="INFO", machine=machine, redactor=Redactor([CANARY]))
        return stream

    yield begin
    root.handlers = before
    root.setLevel(level)


async def test_a_line_names_the_work_also_in_tasks_that_it_began(written: Callable[[bool], io.StringIO]) -> None:
    stream, log = written(True), logging.getLogger("bot.worker")

    async def inner() -> None:
        with logs.about(step="rollout"):
            log.info("patched %s", "api")

    with logs.about(work="run", **logs.named("run/D-7")):
        task = asyncio.create_task(inner())
    await task
    log.info("idle")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert {key: first[key] for key in ("level", "logger", "message", "work", "run", "step")} == {
        "level": "INFO",
        "logger": "bot.worker",
        "message": "patched api",
        "work": "run",
        "run": "D-7",
        "step": "rollout",
    }
    assert first["time"].endswith("+00:00")
    assert not {"run", "step", "work"} & set(second)


@pytest.mark.parametrize("machine", [True, False])
def test_no_secret_is_in_a_line_or_its_traceback(written: Callable[[bool], io.StringIO], machine: bool) -> None:
    stream, log = written(machine), logging.getLogger("somebody.else")
    log.warning("connecting to %s", f"postgresql://opsbot:{CANARY}@db.example/opsbot")
    try:
        int(f"bad password: {CANARY}")
    except ValueError:
        log.exception("it failed with xoxb-1111111111-made-up")
    text = stream.getvalue()
    assert CANARY not in text
    assert "xoxb-1111111111" not in text
    assert "connecting to postgresql://opsbot:[redacted]@db.example/opsbot" in text
    assert "ValueError: invalid literal for int() with base 10: 'bad password: [redacted]'" in text


def test_lines_for_people_have_the_ids_in_front(written: Callable[[bool], io.StringIO]) -> None:
    stream = written(False)
    with logs.about(work="run", **logs.named("run/D-7"), step="rollout"):
        logging.getLogger("bot.worker").warning("lease lost")
    assert stream.getvalue().rstrip().endswith("WARNING bot.worker: [run D-7 rollout] lease lost")


async def test_what_the_engine_logs_of_a_step_names_it(
    replica: Watched, written: Callable[[bool], io.StringIO]
) -> None:
    world: World = replica.world
    run_id = await world.at_the_gate()
    await world.approves(run_id)

    async def stumble(turn: Turn) -> None:
        raise RuntimeError(f"{CANARY} is wrong")

    world.outside.before = stumble
    stream = written(True)
    await world.works()
    [line] = [json.loads(each) for each in stream.getvalue().splitlines()]
    assert (line["level"], line["step"], line["logger"]) == ("ERROR", "knob", "runbooks.engine.advance")
    assert "RuntimeError: [redacted] is wrong" in line["exception"]


def test_no_command_logs_a_secret_before_its_settings_are_read() -> None:
    says = "import logging, os; logging.warning('it is %s', os.environ['MADE_UP_TOKEN'])"
    code = f"from bot.cli import main; main(['schema', 'runbook']); {says}"
    environment = {**os.environ, "MADE_UP_TOKEN": CANARY}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.endswith(f"it is {HIDDEN}\n")
