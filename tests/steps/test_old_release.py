"""The last known good tried on the new schema, by a real command on a real scratch database."""

import sys
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.processes.runner import LocalProcesses
from runbooks.catalogue import Command
from runbooks.redaction import Redactor
from runbooks.schema_fit import FIT
from runbooks.steps.base import Site, Turn
from runbooks.steps.migrations.files import checksum
from runbooks.steps.migrations.old_release import OldRelease
from runbooks.vocabulary import Done, KnownGood, PlanningFailed
from sandbox.postgres import PostgresServer
from tests.fixtures.schemas import SHIFTS, TENANTS, Schema
from tests.steps import places
from tests.steps.commanding import Jobs, Kept
from tests.steps.rehearsing import Rehearsed, rehearsed

RENAMED = {
    "022_codes.sql": "alter table tenants rename column code to id;\n",
    "022_rollback.sql": "alter table tenants rename column id to code;\n",
}
OLD_CODE = """
import os, sys, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    try:
        connection.execute("insert into tenants (code) values ('acme')")
    except psycopg.Error as error:
        sys.exit(str(error).splitlines()[0])
print("1 passed in 0.01s")
"""
COMMAND = {
    "run": [sys.executable, "-c", OLD_CODE],
    "runner": "local",
    "trusted": True,
    "env": {"DATABASE_URL": "${database}"},
}
GOOD = KnownGood("D-100", "v41", "3f2c1d9" + "0" * 33, (), "021_tenants", "", places.NOW)


class Tried(Rehearsed):
    """The step, and a place whose last known good is v41."""

    step: OldRelease

    def site(self, commit: str, **command: Any) -> Site:
        site = replace(super().site(commit), known_good=GOOD)
        commands = {"compatibility": Command.model_validate({**COMMAND, **command})}
        return replace(site, service=site.service.model_copy(update={"commands": commands}))

    async def turn(self, commit: str, **command: Any) -> Turn:
        return await places.turn(self.step, {}, self.site(commit, **command))


@pytest.fixture
def place(schema: Schema, rehearsal_server: PostgresServer, local: LocalProcesses, kept: Kept) -> Tried:
    found = rehearsed(schema, rehearsal_server)
    step = OldRelease(schema.planner, found.servers, jobs=Jobs(), local=local, outputs=kept, redactor=Redactor(()))
    return Tried(**{**vars(found), "step": step})


async def test_what_it_finds_is_kept_with_the_release(place: Tried) -> None:
    await place.schema.applied(TENANTS)
    turn = await place.turn(place.schema.release(TENANTS, SHIFTS))
    assert turn.step.shows[0] == (
        "v41 tried on 022_shifts, with the rehearsal role's rights: `service-role` names none"
    )
    outcome = await place.step.start(turn)
    assert isinstance(outcome, Done)
    assert outcome.line.startswith("v41 runs on 022 · 1 passed")
    assert outcome.evidence[FIT] == {
        "run": "D-107",
        "version": "v41",
        "commit": GOOD.commit,
        "migrations": {"022_shifts.sql": checksum(SHIFTS["022_shifts.sql"])},
        "runs": True,
        "why": outcome.line.removeprefix("v41 runs on 022 · "),
    }
    assert place.left() == []


async def test_code_that_breaks_on_it_does_not_stop_the_deploy(place: Tried) -> None:
    await place.schema.applied(TENANTS)
    outcome = await place.step.start(await place.turn(place.schema.release(TENANTS, RENAMED)))
    assert isinstance(outcome, Done)
    assert outcome.line == "v41 does not run on 022: a rollback takes the migrations back first"
    assert outcome.evidence[FIT]["runs"] is False
    assert 'column "code" of relation "tenants" does not exist' in outcome.evidence[FIT]["why"]
    assert place.left() == []


async def test_the_address_of_the_scratch_database_is_in_no_plan(place: Tried) -> None:
    await place.schema.applied(TENANTS)
    turn = await place.turn(place.schema.release(TENANTS, SHIFTS))
    assert turn.step.params["env"] == {"DATABASE_URL": "${database}"}


async def test_a_command_that_is_told_no_database_proves_nothing(place: Tried) -> None:
    await place.schema.applied(TENANTS)
    with pytest.raises(PlanningFailed, match="“compatibility” is told no database"):
        await place.turn(place.schema.release(TENANTS, SHIFTS), env={})


async def test_a_command_that_came_to_no_end_leaves_it_unknown(place: Tried) -> None:
    await place.schema.applied(TENANTS)
    run = [sys.executable, "-c", "import signal; signal.pause()"]
    outcome = await place.step.start(await place.turn(place.schema.release(TENANTS, SHIFTS), run=run, timeout="1s"))
    assert isinstance(outcome, Done)
    assert outcome.line.startswith("not known whether v41 runs on the new schema: ")
    assert FIT not in outcome.evidence
    assert place.left() == []


async def test_without_a_rehearsal_database_it_is_not_known(place: Tried, schema: Schema) -> None:
    site = replace(schema.site(schema.release(TENANTS)), known_good=GOOD)
    turn = await places.turn(place.step, {}, site)
    unknown = "ot known whether v41 runs on the new schema: production has no `rehearsal`"
    assert turn.step.shows == (f"N{unknown}",)
    assert await place.step.start(turn) == Done(f"n{unknown}")


async def test_without_a_new_migration_there_is_nothing_to_try(place: Tried) -> None:
    turn = await place.turn(await place.schema.applied(TENANTS))
    assert turn.step.shows == ()
    assert await place.step.start(turn) == Done("no new migration for the release before it to run on")


async def test_a_rehearsal_database_that_does_not_answer_leaves_it_unknown(place: Tried) -> None:
    turn = await place.turn(place.schema.release(TENANTS))
    place.silence()
    outcome = await place.step.start(turn)
    assert isinstance(outcome, Done)
    assert "did not answer" in outcome.line
