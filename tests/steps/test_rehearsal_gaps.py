"""What a rehearsal could not prove, or saw lost, is left to the approvers by name and number, or refused."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from runbooks.rehearsal.mentions import parts
from runbooks.rehearsal.verdict import Judged, MeasuredLoss, Ruling, Verdict
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.workloads import Missing
from runbooks.steps.migrations.counting import Counts, Place
from runbooks.steps.migrations.gaps import gaps
from runbooks.steps.way_back import WayBackWrite
from runbooks.vocabulary import GAPS, Done, Failed, Unreachable
from sandbox.postgres import PostgresServer
from tests.fixtures.schemas import SHIFTS, TENANTS, Schema
from tests.steps import places
from tests.steps.rehearsing import Rehearsed, rehearsed
from tests.steps.test_probes import Cluster
from tests.steps.test_way_back import way_back
from tests.steps.two_places import Two

PEOPLE = {
    "021_people.sql": "create table people (id int primary key, town text);\n",
    "021_rollback.sql": "drop table people;\n",
}
SLIM = {
    "022_slim.sql": "alter table people drop column town;\ncreate table never (a int not null check (a < a));\n",
    "022_rollback.sql": "drop table never;\nalter table people add column town text;\n",
}
UNTRIED = (
    "022_rollback.sql was tried on an empty never only: no rows could be put there (none of the values tried passes "
    "its check never_a_check)."
)
LOST = "022_rollback.sql does not bring back values of people.town: 2 of 3 rows hold a value."


@pytest.fixture
async def place(schema: Schema, rehearsal_server: PostgresServer) -> Rehearsed:
    place = rehearsed(schema, rehearsal_server)
    await schema.applied(PEOPLE)
    await schema.ask("insert into people values (1, 'Ulm'), (2, 'Kiel'), (3, null)")
    return place


async def test_an_untried_table_and_lost_data_are_named_with_what_stands_there_now(place: Rehearsed) -> None:
    outcome = await place.outcome(place.schema.release(PEOPLE, SLIM))
    assert isinstance(outcome, Done)
    assert outcome.line.startswith("022 up, back, up · proven but for 2 gaps, which the plan names · ")
    assert outcome.evidence[GAPS] == [UNTRIED, LOST]
    assert outcome.evidence["rehearsed"] is False
    assert f"  {LOST}" in outcome.evidence["document"].splitlines()


@pytest.mark.parametrize(("key", "said"), [("untried", UNTRIED), ("losses", LOST)])
async def test_the_catalogue_may_refuse_either(place: Rehearsed, key: str, said: str) -> None:
    place.migrations = {"way-back": {key: "refuse"}}
    outcome = await place.outcome(place.schema.release(PEOPLE, SLIM))
    assert isinstance(outcome, Failed)
    assert outcome.reason == f"{said} The catalogue refuses it (`migrations.way-back.{key}`)."
    assert outcome.finding == "way-back-not-proven"


class Silent:
    """A database that does not answer."""

    async def count(self, site: Site, places: Sequence[Place]) -> Counts:
        raise Unreachable("The database of api production")


def lost(**fields: Any) -> MeasuredLoss:
    told = {"table": 'app."Order"', "rows": 4, "gone": 0, "columns": {}, "since": False, "sentence": "", **fields}
    return MeasuredLoss(**told)


async def test_what_can_not_be_counted_is_said_to_be_so() -> None:
    measured = (
        lost(gone=2, columns={"state": 2}),
        lost(columns={"state": 1, "note": 1}, since=True),  # of later rows nobody knows how many there will be
    )
    judged = Judged("022_slim.sql", "022_rollback.sql", Ruling.BUT_FOR, losses=measured)
    found = await gaps(Verdict((judged,)), places.site(), Silent())
    why = "not counted, since the database of api production did not answer"
    assert [gap.sentence for gap in found] == [
        f'022_rollback.sql does not bring back rows of app."Order": {why}.',
        f'022_rollback.sql does not bring back values of app."Order".state: {why}.',
        '022_rollback.sql loses values of note of what is written to app."Order" after 022_slim.sql.',
    ]


def test_names_are_taken_apart_as_they_are_kept() -> None:
    assert parts('app."My ""Order"".x"') == ("app", 'My "Order".x')
    assert parts("public.orders") == ("public", "orders")


async def test_the_rollback_plan_says_what_its_rehearsal_left_open(two: Two) -> None:
    await two.deployed("production", two.release(TENANTS))
    step = WayBackWrite(two.planner, Cluster(Missing()))
    turn = await places.turn(step, {}, way_back(two, two.release(TENANTS, SHIFTS)))
    open_ends = await step.start(replace(turn, evidence={"rehearsal": {GAPS: [LOST], "rehearsed": False}}))
    proven = await step.start(replace(turn, evidence={"rehearsal": {"rehearsed": True}}))
    assert isinstance(open_ends, Done)
    assert isinstance(proven, Done)
    assert open_ends.line.startswith("rehearsed with gaps, back to v41 ")
    assert f"  Rehearsed but for: {LOST}" in open_ends.evidence["document"].splitlines()
    assert proven.line.startswith("rehearsed, back to v41 ")
