"""Ways back tried on a scratch database of another real server, as the step does it before a deploy."""

import pytest

from runbooks.vocabulary import Done, Failed, Pending
from sandbox.postgres import PostgresServer
from tests.fixtures.schemas import SHIFTS, TENANTS, Schema
from tests.steps import places
from tests.steps.rehearsing import Rehearsed, rehearsed

FORGOT = {
    "022_labels.sql": "alter table tenants add column label text;\ncreate index tenants_by_code on tenants (code);\n",
    "022_rollback.sql": "alter table tenants drop column label;\n",
}
NOT_EMPTY = {
    "022_codes.sql": "alter table tenants add column region text not null;\n",
    "022_rollback.sql": "alter table tenants drop column region;\n",
}


@pytest.fixture
def place(schema: Schema, rehearsal_server: PostgresServer) -> Rehearsed:
    return rehearsed(schema, rehearsal_server)


async def test_no_migration_needs_no_rehearsal(place: Rehearsed) -> None:
    commit = await place.schema.applied(TENANTS)
    assert await place.outcome(commit) == Done("no migration to take back", {"files": []})


async def test_a_way_back_that_leads_back(place: Rehearsed) -> None:
    await place.schema.applied(TENANTS)
    turn = await place.turn(place.schema.release(TENANTS, SHIFTS))
    assert turn.step.shows == ("ways back rehearsed on a scratch database first",)
    outcome = await place.step.start(turn)
    assert isinstance(outcome, Done)
    assert outcome.line.startswith("022 up, back, up · empty and with rows · ")
    assert outcome.evidence["rehearsed"] is True
    assert outcome.evidence["files"] == ["022_shifts.sql"]
    assert await place.schema.tables() == {"tenants"}
    assert place.left() == []


async def test_a_way_back_that_leaves_an_index_stops_the_deploy(place: Rehearsed) -> None:
    await place.schema.applied(TENANTS)
    outcome = await place.outcome(place.schema.release(TENANTS, FORGOT))
    assert isinstance(outcome, Failed)
    assert outcome.finding == "way-back-not-proven"
    assert outcome.reason == (
        "022_rollback.sql leaves index tenants_by_code on tenants (made by 022_labels.sql:2): drop it there. "
        '022_labels.sql:2 failed (up again): relation "tenants_by_code" already exists. '
        "Mend the script, then deploy again."
    )
    assert "022_labels.sql: its way back does not lead back" in outcome.evidence["document"]
    assert place.left() == []


async def test_what_works_on_empty_tables_only_is_found_out(place: Rehearsed) -> None:
    await place.schema.applied(TENANTS)
    outcome = await place.outcome(place.schema.release(TENANTS, NOT_EMPTY))
    assert isinstance(outcome, Failed)
    assert "022_codes.sql:1 failed (up, on tables with rows)" in outcome.reason


async def test_without_a_rehearsal_database_a_person_ticks_it(schema: Schema, place: Rehearsed) -> None:
    commit = schema.release(TENANTS)
    resolved = await place.step.resolve(place.step.params(), schema.site(commit))
    assert resolved.uses == "confirm"
    assert resolved.shows == ("A person says whether the ways back were tried: production has no `rehearsal`",)


async def test_a_silent_rehearsal_database_is_asked_again_for_a_minute(place: Rehearsed) -> None:
    turn = await place.turn(place.schema.release(TENANTS))
    place.silence()
    answered = await places.through(place.step, turn)
    assert isinstance(answered[0], Pending)
    assert isinstance(answered[-1], Failed)
    assert "did not answer for a minute, so the ways back were not tried" in answered[-1].reason


async def test_production_is_no_place_to_rehearse(place: Rehearsed) -> None:
    await place.schema.applied(TENANTS)
    place.urls["REHEARSAL_DATABASE"] = place.schema.url
    outcome = await place.outcome(place.schema.release(TENANTS, SHIFTS))
    assert isinstance(outcome, Failed)
    assert "REHEARSAL_DATABASE leads to the server of" in outcome.reason
