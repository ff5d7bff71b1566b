"""A release whose migrations were not tried in staging as they are: nothing is changed, and the card says why."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.good_releases import GoodReleases
from runbooks.catalogue import Catalogue
from runbooks.documents.parse import parse
from runbooks.engine.draft import Draft
from runbooks.releases.decide import Adopt
from runbooks.runs.state import Status
from runbooks.steps.migrations.proven import MigrationsProven
from runbooks.vocabulary import OPSBOT, KnownGood
from tests.bad_input.desk import Desk, shown
from tests.engine.world import ALEX, CATALOGUE
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.schemas import FOLDER, SHIFTS, TENANTS
from tests.steps.two_places import PLACE, Two, two_places

DOCUMENT = """# Deploy

## Pre-deploy
- [ ] Migrations tested on staging
  ```step
  id: proven
  uses: migrations.proven
  on-failure: {then: stop}
  ```

## Deploy
- [ ] Turn the knob
  ```step
  id: knob
  uses: knob
  ```
"""


class Tried:
    """A service whose migrations are to be tried in staging first; two real databases, a real repository."""

    def __init__(self, desk: Desk, two: Two) -> None:
        self.desk, self.world, self.two = desk, desk.world, two
        api = CATALOGUE["services"]["api"]
        production = {**api["environments"]["production"], "database": "PRODUCTION", "proven-in": "staging"}
        service = {
            **api,
            "source": {"repository": two.repository.url},
            "migrations": {"folder": FOLDER},
            "environments": {"production": production, "staging": PLACE},
        }
        world = desk.world
        world.catalogue = Catalogue.model_validate({**CATALOGUE, "services": {"api": service}})
        world.steps[MigrationsProven.uses] = MigrationsProven(two.planner, releases=GoodReleases(world.store))
        setattr(world, "source", two.source)  # noqa: B010  # the real one, where the small world has its own
        world.use(world.store)
        known = {uses: step.params for uses, step in world.steps.items()}
        world.shelf.documents["deploy"] = parse(DOCUMENT, path="deploy.md", known=known)

    def tagged(self, version: str, *parts: dict[str, str]) -> str:
        commit = self.two.release(*parts)
        self.two.repository.git("tag", version)
        return commit

    async def good_in_staging(self, commit: str, version: str, stands_at: str) -> None:
        """Applied there, and found good."""
        await self.two.deployed("staging", commit)
        at = datetime.now(UTC) + timedelta(seconds=1)
        good = KnownGood("D-90", version, commit, (), stands_at, "", at)
        draft = Draft(store=self.world.store, catalogue=self.world.catalogue, now=self.world.now)
        await draft.apply("release/api/staging", Adopt(good, OPSBOT))
        await self.world.store.commit(draft.changes())

    async def deployed(self, version: str = "v42") -> str:
        run_id = await self.world.deploys(version)
        await self.world.works()
        if (await self.world.run(run_id)).waits_for_approval:
            await self.desk.clicks(await self.desk.card(run_id), "Approve", ALEX)
            await self.world.works()
        return run_id

    async def refused(self, said: str) -> None:
        run_id = await self.deployed()
        assert (await self.world.run(run_id)).status is Status.FAILED
        card = shown(await self.desk.card(run_id))
        assert said in card
        [ending] = [
            line for line in card.splitlines() if line.startswith("❌ Failed at “Migrations tested on staging”")
        ]
        assert ending.endswith("Nothing was changed.")
        assert self.world.outside.effects == []


@pytest.fixture
def tried(desk: Desk, tmp_path: Path, database: DatabaseFactory) -> Tried:
    return Tried(desk, two_places(tmp_path, database))


async def test_a_ledger_that_is_behind_and_once_it_is_not_the_same_command_goes_through(tried: Tried) -> None:
    await tried.good_in_staging(tried.tagged("v41", TENANTS), "v41", "021_tenants")
    commit = tried.tagged("v42", TENANTS, SHIFTS)
    await tried.refused("staging is behind: 022_shifts.sql was not applied there. Deploy v42 to staging first.")

    await tried.good_in_staging(commit, "v42", "022_shifts")
    run_id = await tried.deployed()

    assert (await tried.world.run(run_id)).status is Status.SUCCEEDED
    assert tried.world.outside.effects == [f"{run_id}/knob"]
    assert "022 stands in staging, v42 is good on it" in shown(await tried.desk.card(run_id))


async def test_a_ledger_that_is_ahead(tried: Tried) -> None:
    tried.tagged("v42", TENANTS)
    await tried.good_in_staging(tried.tagged("v43", TENANTS, SHIFTS), "v43", "022_shifts")
    await tried.refused(
        "staging is ahead: 022_shifts.sql stands there, which v42 does not have, and no good release ran there at "
        "021. Deploy a version that has it, or take it back in staging and deploy v42 there first."
    )


async def test_a_ledger_with_another_checksum(tried: Tried) -> None:
    await tried.good_in_staging(tried.tagged("v41", TENANTS), "v41", "021_tenants")
    tried.tagged("v42", {**TENANTS, "021_tenants.sql": "create table tenants (code text, name text);\n"})
    await tried.refused("021_tenants.sql is another text in staging than in v42 (SHA-256 ")


async def test_a_database_that_is_away(tried: Tried) -> None:
    tried.tagged("v42", TENANTS)
    tried.two.urls["STAGING"] = "postgresql://nobody@127.0.0.1:1/none"
    run_id = await tried.deployed()
    assert "the database of api staging does not answer; trying again" in shown(await tried.desk.card(run_id))
    tried.world.later(minutes=1)
    await tried.world.works()
    card = shown(await tried.desk.card(run_id))
    assert (
        "The database of api staging did not answer for a minute, so whether the migrations were tried in staging is "
        "not known. Mend it, then deploy again."
    ) in card
    assert "Nothing was changed." in card
