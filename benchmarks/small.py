"""The smallest Opsbot that does work: the production engine and store, a catalogue of many services, empty steps.

No Slack, no cluster, no source: what is measured is the bot's own cost, not theirs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

from bot.adapters.postgres.listen import listen
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.lookout import Bell
from bot.serving import MESSAGE_SLOTS, PACK_SLOTS, RECORD_SLOTS, ROLLBACK_SLOTS, ROLLBACKS
from bot.worker import Worker
from runbooks.catalogue import Catalogue
from runbooks.commits import Commits
from runbooks.documents.parse import parse
from runbooks.documents.runbook import Runbook
from runbooks.engine.advance import Advance
from runbooks.engine.handle import Reception
from runbooks.engine.planning import Planner
from runbooks.folds import folds
from runbooks.redaction import Redactor
from runbooks.steps.base import Params, Step, Turn
from runbooks.steps.source import Author, Found, Kind
from runbooks.store import Lease
from runbooks.vocabulary import Actor, Done, Outcome

RILEY = Actor("T1/URILEY")
Tell = Callable[[str, str], None]
"""Hears what happens to a run: `held`, `started`, `ended`."""

LEASE = 10.0  # seconds, as in production


class Everybody:
    """Riley is in every group; the look-up of a membership is a cache's cost, and left out."""

    async def of(self, group: str) -> frozenset[Actor]:
        """Riley, whatever the group."""
        return frozenset({RILEY}) if group else frozenset()

    async def groups_of(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        """All of them, whoever asks."""
        return among if by else frozenset()


class Source:
    """Every version exists."""

    async def resolve(self, repository: str, version: str) -> Found:  # noqa: ARG002  # of whichever repository
        """A commit."""
        return Found("a" * 40, version, Kind.TAG)

    async def newest(self, repository: str, most: int) -> tuple[str, ...]:  # noqa: ARG002  # as above
        """None that anybody asked for."""
        return ()

    async def between(self, repository: str, base: str, head: str) -> Commits | None:  # noqa: ARG002  # as above
        """Nothing to tell."""
        return None

    async def authors(self, repository: str, base: str, head: str) -> tuple[Author, ...]:  # noqa: ARG002  # as above
        """Nobody."""
        return ()

    async def files(self, repository: str, commit: str, folder: str) -> dict[str, str]:  # noqa: ARG002  # as above
        """None."""
        return {}


class Place(Params):
    """Where a step stands in its document."""

    first: bool = False
    last: bool = False


class Nothing(Step):
    """A step without an effect; the first and the last of a document tell when they run."""

    uses = "nothing"
    params = Place

    def __init__(self, tell: Tell, *, hangs: bool = False) -> None:
        self._tell = tell
        self._hangs = hangs

    async def start(self, turn: Turn) -> Outcome:
        """Done at once, or never."""
        if turn.step.params["first"]:
            self._tell("started", turn.site.run)
        if self._hangs:
            await asyncio.Event().wait()
        if turn.step.params["last"]:
            self._tell("ended", turn.site.run)
        return Done("nothing")


class Shelf:
    """Documents of so many steps, by name: `steps-20`."""

    def runbook(self, runbook_id: str) -> Runbook:
        """Made when it is first asked for."""
        return _document(int(runbook_id.partition("-")[2]))


@cache
def _document(steps: int) -> Runbook:
    lines = ["# Nothing", ""]
    for number in range(steps):
        place = f"first: {str(number == 0).lower()}, last: {str(number == steps - 1).lower()}"
        lines += [f"- [ ] Step {number}", "  ```step", f"  {{id: s{number}, uses: nothing, {place}}}", "  ```"]
    return parse("\n".join(lines), path=f"steps-{steps}.md", known={"nothing": Place})


def catalogue(services: int, *, steps: int) -> Catalogue:
    """So many services, each with a target of its own; a deploy of any of them has so many steps."""
    place = {
        "cluster": "main",
        "namespace": "prod",
        "channels": {"deploys": "C1"},
        "deployers": ["sre"],
        "approval": {"group": "sre"},
    }
    service = {
        "image": "registry.example/api",
        "source": {"repository": "file:///source"},
        "default-environment": "production",
        "runbooks": {"deploy": f"steps-{steps}"},
    }
    named = {
        f"api-{n}": {
            **service,
            "workloads": [{"deployment": f"api-{n}", "containers": ["web"]}],
            "environments": {"production": place},
        }
        for n in range(services)
    }
    groups = {"sre": {"members": ["URILEY"]}}
    clusters = {"main": {"in-cluster": True}}
    return Catalogue.model_validate({"groups": groups, "clusters": clusters, "services": named})


def now() -> datetime:
    """The process's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Small:
    """One process's Opsbot on one database."""

    url: str
    store: PostgresStore
    catalogue: Catalogue

    @property
    def reception(self) -> Reception:
        """Where commands are taken."""
        return Reception(self.store, self.catalogue, Everybody(), now, Shelf())

    async def works(self, slots: int, tell: Tell, *, hangs: bool = False) -> None:
        """Work like `opsbot serve` until cancelled; messages and records are taken and left, there is no Slack."""
        steps: Mapping[str, Step] = {"nothing": Nothing(tell, hangs=hangs)}
        engine = Advance(self.store, Planner(self.catalogue, Shelf(), steps, Source()), Everybody(), Redactor(), now)
        bell = Bell()

        async def held(lease: Lease) -> datetime | None:
            tell("held", lease.work.key.partition("/")[2])
            return await engine.advance(lease)

        async def left(_: Lease) -> datetime | None:
            return None

        runs = Worker(self.store, ["run"], held, bell, now, LEASE, slots)
        others = [
            replace(runs, kinds=[kind], handler=left, slots=number)
            for kind, number in (("messages", MESSAGE_SLOTS), ("record", RECORD_SLOTS), ("audit", PACK_SLOTS))
        ]
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(self.url, bell.ring))
            for worker in (runs, replace(runs, slots=ROLLBACK_SLOTS, prefix=ROLLBACKS), *others):
                group.create_task(worker.run())


@asynccontextmanager
async def small(url: str, *, services: int, steps: int, at_once: int = 10) -> AsyncIterator[Small]:
    """It, on a database that is migrated, with so many connections that stand."""
    async with Pool(url, size=at_once, ready=at_once) as pool:
        yield Small(url, PostgresStore(pool, folds(), lease_seconds=LEASE), catalogue(services, steps=steps))
