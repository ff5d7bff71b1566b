"""`take-over` is over within 15 s of the click, by the sum of its waits, though the database never answers."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.kubernetes.client import Clusters
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.adapters.service_database.database import ServiceDatabases
from bot.lookout import POLL
from bot.settings import Settings
from runbooks.engine import advance
from runbooks.steps.base import Site, Step, Turn
from runbooks.steps.kubernetes.workloads import Missing, Ref
from runbooks.steps.migrations.apply import MigrationsApply
from runbooks.steps.migrations.planning import MigrationPlanner, PlannedMigration, PlannedMigrations
from runbooks.steps.take_over import AGAIN, PATIENCE, SILENT_AFTER, TakeOver
from runbooks.vocabulary import Done, Json, PlannedStep, Unreachable
from tests.engine.world import History
from tests.steps.places import NOW, later, site
from tests.steps.test_take_over import Fences, Holders

BOUND = timedelta(seconds=15)
FILE = PlannedMigration("024_tenant_flags.sql", "c0ffee", "plain", "024_rollback.sql", "c0ffee", "reversible")


class Gone(KubernetesWorkloads):
    """A cluster in which nothing is left to fence."""

    async def read(self, ref: Ref) -> Json:
        raise Missing(ref.deployment)


def place() -> Site:
    return site(environment={"database": "DATABASE"}, service={"migrations": {"folder": "db/migrations"}})


@pytest.fixture
def silent() -> Iterator[ServiceDatabases]:
    """A database whose port takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql://opsbot@127.0.0.1:{server.getsockname()[1]}/service"
        yield ServiceDatabases({"DATABASE": url}.__getitem__)


def taking_over(database: ServiceDatabases | Fences, *steps: Step) -> TakeOver:
    known = {step.uses: step for step in steps}
    short = timedelta(milliseconds=50)
    return TakeOver(Gone(Clusters({})), holders=Holders(), database=database, steps=known, silent_after=short)


def amid(step: Step) -> Turn:
    """R-107, which stopped D-107 amid this step; the old holder's lease has lapsed by now."""
    params = PlannedMigrations("023_policy_profiles", (FILE,)).params
    cut = PlannedStep("migrations", "Apply migrations", "Deploy", step.uses, params, changes=True)
    begun = replace(place(), cut_off=(Turn(place(), cut, epoch=7, began_at=NOW, now=NOW),))
    ours = PlannedStep("take-over", "Take over", "Emergency rollback", "take-over")
    turn = Turn(replace(begun, run="R-107", supersedes=("D-107",)), ours, epoch=9, began_at=NOW, now=NOW)
    return later(turn, 10)


def test_the_waits_add_up_to_less_than_15_seconds() -> None:
    lapse = timedelta(seconds=Settings.model_fields["lease_seconds"].default)
    look = timedelta(seconds=POLL)
    assert lapse + AGAIN + look + SILENT_AFTER < BOUND
    assert PATIENCE + SILENT_AFTER + advance.AGAIN + look + SILENT_AFTER < BOUND


async def test_a_database_that_accepts_and_never_answers_is_left(silent: ServiceDatabases) -> None:
    migrations = MigrationsApply(MigrationPlanner(History(), silent))
    assert await taking_over(silent, migrations).start(amid(migrations)) == Done(
        "D-107 stopped: “Apply migrations” could not be ended, as what “Apply migrations” works on does not answer"
        " · the database does not answer and is left as it is",
        {
            "D-107": "Stopped for R-107: “Apply migrations” could not be ended, "
            "as what “Apply migrations” works on does not answer."
        },
    )


async def test_while_there_is_time_it_is_tried_again(silent: ServiceDatabases) -> None:
    migrations = MigrationsApply(MigrationPlanner(History(), silent))
    turn = amid(migrations)
    with pytest.raises(Unreachable, match="Apply migrations"):
        await taking_over(silent, migrations).start(replace(turn, now=NOW))


async def test_what_is_ended_and_what_is_fenced_do_not_wait_for_each_other() -> None:
    fenced = asyncio.Event()

    class Fence(Fences):
        async def fence(self, place: Site, epoch: int) -> None:
            await super().fence(place, epoch)
            fenced.set()

    class Waits(Step):
        uses = "command"

        async def abandon(self, turn: Turn) -> str:
            await fenced.wait()
            return "its Job was ended"

    done = await taking_over(Fence(), Waits()).start(amid(Waits()))
    assert isinstance(done, Done)
    assert done.line == "D-107 stopped: its Job was ended"


async def test_the_pods_do_not_wait_for_what_only_a_newer_release_can_end() -> None:
    done = await taking_over(Fences()).start(
        amid(MigrationsApply(MigrationPlanner(History(), ServiceDatabases({}.get))))
    )
    assert isinstance(done, Done)
    assert done.line == (
        "D-107 stopped: “Apply migrations” could not be ended, "
        "as an Opsbot that knows the step `migrations.apply` does not answer"
    )


async def test_a_fault_in_ending_what_was_under_way_does_not_keep_production_from_going_back() -> None:
    class Stumbles(Step):
        uses = "command"

        async def abandon(self, turn: Turn) -> str:
            raise KeyError(turn.key)

    done = await taking_over(Fences(), Stumbles()).start(amid(Stumbles()))
    assert isinstance(done, Done)
    assert done.line == "D-107 stopped: “Apply migrations” could not be ended (KeyError): look what stands where"
