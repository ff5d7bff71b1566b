"""Whether a release's migrations were tried in the environment that the catalogue names, on two real databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.adapters.postgres.store import PostgresStore
from bot.good_releases import GoodReleases
from runbooks.catalogue import Catalogue
from runbooks.engine.draft import Draft
from runbooks.releases.decide import Adopt
from runbooks.vocabulary import OPSBOT, Done, Failed, KnownGood, Pending, PlanningFailed
from tests.engine.world import CATALOGUE
from tests.fixtures.schemas import SHIFTS, TENANTS
from tests.steps import places
from tests.steps.two_places import Two


async def test_a_release_that_ended_well_there(two: Two) -> None:
    await two.deployed("production", two.release(TENANTS))
    commit = two.release(TENANTS, SHIFTS)
    await two.deployed("staging", commit, good="022_shifts")
    turn = await places.turn(two.proven, {}, two.site(commit))

    assert turn.step.shows == ("tried in staging first, with a good release on them",)
    assert await two.proven.start(turn) == Done(
        "022 stands in staging, v42 is good on it",
        {"proven_in": "staging", "stands_at": "022_shifts.sql", "version": "v42", "run": "D-90"},
    )


async def test_no_migration_needs_no_proof(two: Two) -> None:
    commit = two.release(TENANTS)
    await two.deployed("production", commit)
    two.urls.pop("STAGING")

    assert await two.outcome(commit) == Done("no migrations in this release", {"files": []})


async def test_without_a_place_a_person_ticks_it(two: Two) -> None:
    commit = two.release(TENANTS)
    resolved = await two.proven.resolve(two.proven.params(), two.site(commit, proven_in=None))

    assert resolved.uses == "confirm"
    assert resolved.shows == ("A person says whether the migrations were tried: production has no `proven-in`",)


async def test_where_they_are_tried_first_there_is_nothing_to_hold_against(two: Two) -> None:
    commit = two.release(TENANTS)
    site = two.site(commit)
    there = replace(site, environment_name="staging", environment=site.service.environments["staging"])
    turn = await places.turn(two.proven, {}, there)

    assert turn.step.shows == ("this is where they are tried, before production",)
    assert await two.proven.start(turn) == Done("this is where they are tried", {"files": ["021_tenants.sql"]})


async def test_a_place_without_a_database_proves_nothing(two: Two) -> None:
    at = two.site(two.release(TENANTS))
    staging = at.service.environments["staging"].model_copy(update={"database": None})
    service = at.service.model_copy(update={"environments": {"production": at.environment, "staging": staging}})

    with pytest.raises(PlanningFailed, match="to be tried in staging, which names no database"):
        await places.turn(two.proven, {}, replace(at, service=service))


async def test_staging_is_behind(two: Two) -> None:
    await two.deployed("staging", two.release(TENANTS), good="021_tenants")
    commit = two.release(TENANTS, SHIFTS)

    assert await two.failure(commit) == (
        "staging is behind: 022_shifts.sql was not applied there. Deploy v42 to staging first."
    )


async def test_staging_is_ahead_and_nothing_good_ran_there_at_our_migration(two: Two) -> None:
    commit = two.release(TENANTS)
    await two.deployed("staging", two.release(TENANTS, SHIFTS), good="022_shifts", version="v43")

    assert await two.failure(commit) == (
        "staging is ahead: 022_shifts.sql stands there, which v42 does not have, and no good release ran there at "
        "021. Deploy a version that has it, or take it back in staging and deploy v42 there first."
    )


async def test_staging_went_on_after_our_migration_was_proven(two: Two) -> None:
    commit = two.release(TENANTS)
    await two.deployed("staging", commit, good="021_tenants")
    moved = two.good.releases["staging"][0].at
    await two.deployed("staging", two.release(TENANTS, SHIFTS), good="022_shifts", version="v43")
    assert moved <= two.good.releases["staging"][0].at

    found = await two.outcome(commit)

    assert isinstance(found, Done), found
    assert found.line == "021 stands in staging, v42 is good on it"


async def test_another_text_was_tried(two: Two) -> None:
    await two.deployed("staging", two.release(TENANTS), good="021_tenants")
    other = {**TENANTS, "021_tenants.sql": "create table tenants (code text, name text);\n"}

    reason = await two.failure(two.release(other))

    assert reason.startswith("021_tenants.sql is another text in staging than in v42 (SHA-256 ")
    assert reason.endswith("of its own, and deploy that to staging first.")


async def test_another_name_was_tried(two: Two) -> None:
    await two.deployed("staging", two.release(TENANTS), good="021_tenants")
    other = {"021_people.sql": "create table people (code text);\n", "021_rollback.sql": "drop table people;\n"}

    assert await two.failure(two.release(other)) == (
        "staging has 021_tenants.sql where v42 has 021_people.sql: another migration was tried."
    )


async def test_it_was_taken_back_there(two: Two) -> None:
    commit = two.release(TENANTS, SHIFTS)
    await two.deployed("staging", commit, good="022_shifts")
    await two.taken_back("staging", commit, "021_tenants")

    assert await two.failure(commit) == (
        "022_shifts.sql was taken back in staging by R-91. Deploy v42 to staging first."
    )


async def test_it_was_left_half_way_there(two: Two) -> None:
    commit = two.release(TENANTS)
    await two.deployed("staging", commit, good="021_tenants")
    async with await psycopg.AsyncConnection.connect(two.urls["STAGING"], autocommit=True) as connection:
        await connection.execute("update opsbot.migrations set state = 'applying'")

    assert (await two.failure(commit)).startswith("021_tenants.sql was left half-way in staging by D-90.")


@pytest.mark.parametrize("good", ["", "021_tenants"])
async def test_nothing_has_ended_well_there_since(two: Two, good: str) -> None:
    commit = two.release(TENANTS, SHIFTS)
    await two.deployed("staging", commit, good=good, version="v41")

    assert await two.failure(commit) == (
        "022_shifts.sql stands in staging, but no deploy there has ended well since. Deploy v42 to staging, "
        "see it end well, then deploy again."
    )


async def test_what_was_good_before_they_were_applied_proves_nothing(two: Two) -> None:
    commit = two.release(TENANTS)
    two.ended_well("staging", "021_tenants", "v42", datetime.now(UTC) - timedelta(days=3))
    await two.deployed("staging", commit)

    assert "no deploy there has ended well since" in await two.failure(commit)


async def test_a_database_that_is_away_is_waited_for_and_then_it_is_not_known(two: Two) -> None:
    commit = two.release(TENANTS)
    two.urls["STAGING"] = "postgresql://nobody@127.0.0.1:1/none"
    turn = await places.turn(two.proven, {}, two.site(commit))
    first = await two.proven.start(turn)
    last = await two.proven.check(places.later(turn, 60), {})

    assert isinstance(first, Pending)
    assert first.line == "the database of solvereign-api staging does not answer; trying again"
    assert isinstance(last, Failed)
    assert last.reason == (
        "The database of solvereign-api staging did not answer for a minute, so whether the migrations were tried in "
        "staging is not known. Mend it, then deploy again."
    )


async def test_the_store_tells_what_was_good(store: PostgresStore) -> None:
    known = KnownGood("adopt", "v41", "4" * 40, (), "023_x", "", places.NOW)
    draft = Draft(store=store, catalogue=Catalogue.model_validate(CATALOGUE), now=places.NOW)
    await draft.apply("release/api/production", Adopt(known, OPSBOT))
    await store.commit(draft.changes())

    assert await GoodReleases(store).good("api", "production") == (known,)
    assert await GoodReleases(store).good("api", "staging") == ()
