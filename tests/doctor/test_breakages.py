"""Every check of `opsbot doctor`, the part broken that it looks at: it is named, and so is the mending."""

import ast
import inspect
import json
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import pytest

import bot.doctor
from bot import catalogue_file
from bot.doctor import connections
from bot.doctor.finding import Check
from bot.settings import Settings
from sandbox.waiting import until
from tests.doctor.conftest import Doctor
from tests.doctor.table import Row
from tests.doctor.table_of_its_own import OWN
from tests.doctor.table_of_the_catalogue import OF_THE_CATALOGUE
from tests.doctor.world import World

pytestmark = [pytest.mark.cluster, pytest.mark.slack, pytest.mark.asyncio(loop_scope="module")]

ROWS = [*OWN, *OF_THE_CATALOGUE]
Findings = list[dict[str, str]]


async def found(doctor: Doctor, world: World) -> Findings:
    """What it finds; its exit code agrees, and no secret is in it."""
    code, said = await doctor("--json", **world.written())
    findings: Findings = json.loads(said)["checks"]
    assert code == (1 if faults(findings) else 0)
    assert not [secret for secret in ("made-up-password", world.slack.bot_token) if secret in said]
    return findings


def faults(findings: Findings) -> Findings:
    """Those that do not hold; each says how to mend it."""
    faulty = [each for each in findings if each["verdict"] in ("missing", "wrong")]
    assert all(each["mend"] for each in faulty), faulty
    return faulty


def name(finding: dict[str, str]) -> str:
    return f"{finding['part']} · {finding['check']}"


@pytest.mark.parametrize("row", ROWS, ids=[row.broken for row in ROWS])
async def test_what_is_broken_is_named_with_its_mending(world: World, doctor: Doctor, row: Row) -> None:
    here = world.again()

    async def named() -> Findings:
        faulty = faults(await found(doctor, here))
        others = [each for each in faulty if not any(fnmatchcase(name(each), pattern) for pattern in row.named)]
        first = [each for each in faulty if fnmatchcase(name(each), row.named[0])]
        assert row.late or (first and not others), faulty
        return [] if others else first

    async with AsyncExitStack() as mending:
        await row.how(here, mending)
        [fault, *_] = await until(named, what=row.broken, seconds=20) if row.late else await named()
    assert row.says in fault["says"]
    assert row.mend in fault["mend"]
    if row.late:
        await until(lambda: _holds(doctor, world), what="that it holds again", seconds=20)


async def _holds(doctor: Doctor, world: World) -> bool:
    return not faults(await found(doctor, world))


async def test_unbroken_all_holds_and_every_check_has_its_row(world: World, doctor: Doctor) -> None:
    findings = await found(doctor, world)
    assert faults(findings) == []
    assert [name(each) for each in findings if each["verdict"] == "unseen"] == [
        "jobs in main/opsbot-jobs · Secret doctored-secret"
    ]
    assert not (world.folder / "good").exists()
    patterns = [pattern for row in ROWS for pattern in row.named]
    without = [
        name(each)
        for each in findings
        if each["verdict"] == "ok" and not any(fnmatchcase(name(each), pattern) for pattern in patterns)
    ]
    assert without == [], "give each of these a row"


async def test_every_look_of_the_doctor_is_taken_in_this_world(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in world.written().items():
        monkeypatch.setenv(variable, value)
    catalogue = catalogue_file.load(world.folder / "opsbot.yaml").catalogue
    async with AsyncExitStack() as stack:
        checks = await connections.checks(stack, Settings.load(), catalogue)
    assert _looks() - set(_taken(checks)) == set(), "let the world have what these look at, and a row that breaks it"


def _taken(checks: Iterable[Check]) -> Iterator[tuple[str, str]]:
    """File and name of the function that each of these asks by."""
    for check in checks:
        look = check.look.func if isinstance(check.look, partial) else check.look
        yield Path(inspect.getfile(look)).name, look.__name__
        yield from _taken(check.then)


def _looks() -> set[tuple[str, str]]:
    """File and name of every function in bot/doctor that finds something by asking, and is no part of another."""
    found: set[tuple[str, str]] = set()
    for path in Path(bot.doctor.__path__[0]).glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        looks = [each for each in nodes if isinstance(each, ast.AsyncFunctionDef)]
        awaited = {
            ast.unparse(each.value).split("(")[0].split(".")[-1] for each in nodes if isinstance(each, ast.Await)
        }
        names = {each.name for each in looks if each.returns and ast.unparse(each.returns) == "Finding"}
        found |= {(path.name, name) for name in names - awaited}
    return found
