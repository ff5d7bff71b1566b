"""Production and staging of one service, each with a database of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.adapters.service_database.database import ServiceDatabases
from bot.adapters.source.git import GitSource
from runbooks.steps.base import Site
from runbooks.steps.migrations.apply import MigrationsApply
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.proven import MigrationsProven
from runbooks.steps.migrations.rollback import MigrationsRollback
from runbooks.vocabulary import Failed, KnownGood, Outcome
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.repositories import Repository
from tests.fixtures.schemas import FOLDER, through
from tests.steps import places

PLACE: dict[str, Any] = {
    "cluster": "main",
    "namespace": "solvereign-staging",
    "channels": {"deploys": "C01STAGING"},
    "approval": {"group": "developers"},
    "database": "STAGING",
}


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
        turn = replace(turn, choice=asked.choices[1].value)
        again = await step.start(turn)  # a script that takes data away is asked about by itself
        if again.kind == "waiting":
            turn = replace(turn, choice=again.choices[1].value)
        outcome, _ = await through(step, turn)
        assert outcome.kind == "done", outcome

    async def outcome(self, commit: str) -> Outcome:
        return await self.proven.start(await places.turn(self.proven, {}, self.site(commit)))

    async def failure(self, commit: str) -> str:
        found = await self.outcome(commit)
        assert isinstance(found, Failed), found
        return found.reason


def two_places(folder: Path, database: DatabaseFactory) -> Two:
    source = GitSource(folder / "state", environment=os.environ)
    return Two(Repository(folder / "service"), source, {"PRODUCTION": database(), "STAGING": database()})
