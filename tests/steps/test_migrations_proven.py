"""Whether a release's migrations were tried in the environment that the catalogue names, on two real databases."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.adapters.postgres.store import PostgresStore
from bot.adapters.service_database.database import ServiceDatabases
from bot.adapters.source.git import GitSource
from bot.good_releases import GoodReleases
from runbooks.catalogue import Catalogue
from runbooks.engine.draft import Draft
from runbooks.releases.decide import Adopt
from runbooks.steps.base import Site
from runbooks.steps.migrations.apply import MigrationsApply
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.proven import MigrationsProven
from runbooks.steps.migrations.rollback import MigrationsRollback
from runbooks.steps.way_back import WayBackWrite
from runbooks.vocabulary import OPSBOT, Done, Failed, KnownGood, KnownWorkload, Outcome, Pending, PlanningFailed
from tests.engine.world import CATALOGUE
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.repositories import Repository
from tests.fixtures.schemas import FLAGS, FOLDER, SHIFTS, TENANTS, through
from tests.steps import places

PLACE: dict[str, Any] = {
    "cluster": "main",
    "namespace": "solvereign-staging",
    "channels": {"deploys": "C01STAGING"},
    "approval": {"group": "developers"},
    "database": "STAGING",
}
NOTES = {"024_notes.sql": "create table notes (n text);\n", "024_rollback.sql": "drop table notes;\n"}


@dataclass
class Good:
    """The known good releases of each place, newest first."""

    releases: dict[str, list[KnownGood]] = field(default_factory=dict)

    async def good(self, service: str, environment: str) -> tuple[KnownGood, ...]:
        assert service == "solvereign-api"
        return tuple(self.releases.get(environment, ()))


class Two:
    """Production and staging of one service."""

    def __init__(self, repository: Repository, source: GitSource, urls: Mapping[str, str]) -> None:
        self.repository = repository
        self.urls = dict(urls)
        self.good = Good()
        self.database = ServiceDatabases(lambda name: self.urls[name])
        self.planner = MigrationPlanner(source, self.database)
        self.source = source
        self.proven = MigrationsProven(self.planner, releases=self.good)

    def release(self, *parts: dict[str, str]) -> str:
        for old in (self.repository.folder / FOLDER).glob("*"):
            old.unlink()
        return self.repository.commit({f"{FOLDER}/{name}": text for part in parts for name, text in part.items()})

    def site(self, commit: str, *, place: str = "production", proven_in: str | None = "staging") -> Site:
        made = places.site(
            environment={"database": "PRODUCTION", "rollers-back": ["developers", "sre"]},
            service={"migrations": {"folder": FOLDER}, "source": {"repository": self.repository.url}},
            commit=commit,
        )
        production = made.environment.model_copy(update={"proven_in": proven_in})
        staging = type(production).model_validate(PLACE)
        service = made.service.model_copy(update={"environments": {"production": production, "staging": staging}})
        there = service.environments[place]
        return replace(made, service=service, environment=there, environment_name=place)

    async def deployed(self, place: str, commit: str, *, good: str = "", version: str = "v42") -> None:
        """Apply the commit's migrations there; `good`: with a good end, the schema at this migration."""
        apply = MigrationsApply(self.planner)
        turn = await places.turn(apply, {}, replace(self.site(commit, place=place), run="D-90"))
        outcome, _ = await through(apply, turn)
        assert outcome.kind == "done", outcome
        if good:
            self.ended_well(place, good, version)

    def ended_well(self, place: str, good: str, version: str, at: datetime | None = None) -> None:
        when = at or datetime.now(UTC) + timedelta(seconds=1)
        known = KnownGood("D-90", version, "0" * 40, (), good, "", when)
        self.good.releases.setdefault(place, []).insert(0, known)

    async def taken_back(self, place: str, commit: str, to: str) -> None:
        target = KnownGood("D-80", "v40", commit, (), to, "", places.NOW)
        site = replace(self.site(commit, place=place), target=target, run="R-91")
        step = MigrationsRollback(self.source, self.database)
        turn = await places.turn(step, {}, site)
        asked = await step.start(turn)
        assert asked.kind == "waiting"
        outcome, _ = await through(step, replace(turn, choice=asked.choices[1].value))
        assert outcome.kind == "done", outcome

    async def outcome(self, commit: str) -> Outcome:
        return await self.proven.start(await places.turn(self.proven, {}, self.site(commit)))

    async def failure(self, commit: str) -> str:
        found = await self.outcome(commit)
        assert isinstance(found, Failed), found
        return found.reason


@pytest.fixture
def two(tmp_path: Path, database: DatabaseFactory) -> Two:
    source = GitSource(tmp_path / "state", environment=os.environ)
    return Two(Repository(tmp_path / "service"), source, {"PRODUCTION": database(), "STAGING": database()})


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
        "staging is behind: 022_shifts.sql was not applied there. Deploy v42 to staging first. Nothing was changed."
    )


async def test_staging_is_ahead_and_nothing_good_ran_there_at_our_migration(two: Two) -> None:
    commit = two.release(TENANTS)
    await two.deployed("staging", two.release(TENANTS, SHIFTS), good="022_shifts", version="v43")

    assert await two.failure(commit) == (
        "staging is ahead: 022_shifts.sql stands there, which v42 does not have, and no good release ran there at "
        "021. Deploy a version that has it, or take it back in staging and deploy v42 there first. "
        "Nothing was changed."
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
    assert reason.endswith("of its own, and deploy that to staging first. Nothing was changed.")


async def test_another_name_was_tried(two: Two) -> None:
    await two.deployed("staging", two.release(TENANTS), good="021_tenants")
    other = {"021_people.sql": "create table people (code text);\n", "021_rollback.sql": "drop table people;\n"}

    assert await two.failure(two.release(other)) == (
        "staging has 021_tenants.sql where v42 has 021_people.sql: another migration was tried. Nothing was changed."
    )


async def test_it_was_taken_back_there(two: Two) -> None:
    commit = two.release(TENANTS, SHIFTS)
    await two.deployed("staging", commit, good="022_shifts")
    await two.taken_back("staging", commit, "021_tenants")

    assert await two.failure(commit) == (
        "022_shifts.sql was taken back in staging by R-91. Deploy v42 to staging first. Nothing was changed."
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
        "see it end well, then deploy again. Nothing was changed."
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


# ------------------------------------------------------------------ the way back


def way_back(two: Two, commit: str, **known: Any) -> Site:
    good = KnownGood("D-100", "v41", "3f2c1d9" + "0" * 33, (), "021_tenants", "", places.NOW)
    return replace(two.site(commit), known_good=replace(good, **known))


async def test_the_way_back_says_what_is_lost_and_how_it_is_asked_for(two: Two) -> None:
    await two.deployed("production", two.release(TENANTS))
    commit = two.release(TENANTS, SHIFTS, FLAGS)
    images = {"api": "registry.example/solvereign-api@sha256:abc"}
    workload = KnownWorkload("solvereign-api", "d-1", {}, images, config_maps={"solvereign-env": {"A": "1"}})
    step = WayBackWrite(two.planner)
    turn = await places.turn(step, {}, way_back(two, commit, workloads=(workload,)))
    outcome = await step.start(turn)

    assert isinstance(outcome, Done)
    assert outcome.line == "back to v41 3f2c1d9 · 2 rollback scripts: drops table flags, drops table shifts"
    assert outcome.evidence["document"].split("\n") == [
        "Rollback plan of D-107: solvereign-api v42 in production",
        "Back to: v41 3f2c1d9, recorded as good by D-100",
        "Who: anybody of developers or sre. Type: /rollback solvereign-api production",
        "Deployment solvereign-api: container api gets registry.example/solvereign-api@sha256:abc, "
        "with the pod template it ran with",
        "Schema: stays as it is unless a person who has read these scripts decides otherwise, newest first:",
        "  023_rollback.sql, the way back of 023_flags.sql: drops table flags",
        "  022_rollback.sql, the way back of 022_shifts.sql: drops table shifts",
        "Not brought back: the contents of ConfigMap solvereign-env, and of Secrets",
        "Not brought back: the number of replicas, and what the new release wrote to the database meanwhile",
    ]


async def test_a_way_back_without_migrations(two: Two) -> None:
    commit = two.release(TENANTS)
    await two.deployed("production", commit)
    step = WayBackWrite(two.planner)
    outcome = await step.start(await places.turn(step, {}, way_back(two, commit)))

    assert isinstance(outcome, Done)
    assert outcome.line == "back to v41 3f2c1d9 · no migration to take back"
    assert "Schema: this release brings no migration" in outcome.evidence["document"]


async def test_without_a_last_known_good_there_is_no_way_back(two: Two) -> None:
    step = WayBackWrite(two.planner)
    with pytest.raises(PlanningFailed, match="opsbot adopt solvereign-api production") as caught:
        await places.turn(step, {}, two.site(two.release(TENANTS)))

    assert caught.value.finding is None
