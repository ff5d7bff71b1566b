"""Wrong things to plant: a checker that never fails shows nothing. `docs/reliability.md` says which are caught."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from bot.adapters.postgres.store import PostgresStore
from runbooks import folds
from runbooks.engine import draft
from runbooks.releases.decide import Stage
from runbooks.releases.events import Promoted
from runbooks.runs import policy
from runbooks.runs.state import Run
from runbooks.store import Changes, Lease, Snapshot
from runbooks.vocabulary import OPSBOT, Actor, Cut
from tests.simulation.world import Plant


class NoFence(PostgresStore):
    """Commits whoever's epoch is void."""

    async def commit(self, changes: Changes, lease: Lease | None = None) -> None:
        await super().commit(changes)


class Forgetful(PostgresStore):
    """Knows no request again."""

    _times = count()

    async def read(self, streams: Sequence[str], **asked: Any) -> Snapshot:
        return await super().read(streams, **{**asked, "inbox": None})

    async def commit(self, changes: Changes, lease: Lease | None = None) -> None:
        if changes.inbox is not None:
            changes = replace(changes, inbox=replace(changes.inbox, key=f"{changes.inbox.key}/{next(self._times)}"))
        await super().commit(changes, lease)


def _cluster_without_policy(world: Any) -> None:
    for each in (world.cluster, *world.databases.values()):
        each.fenced = False


def _slack_forgets(world: Any) -> None:
    world.slack.finds = False


_somebody_else = policy.somebody_else


def _nobody_twice(run: Run, by: Actor) -> None:
    _somebody_else(replace(run, requester=OPSBOT), by)


def _not_the_requester(run: Run, by: Actor) -> None:
    _somebody_else(replace(run, approvals=()), by)


def _promoted_at_once() -> Mapping[str, folds.Room]:
    rooms = folds.rooms()
    sound = rooms["release"]

    def decide(state: Any, command: Any, now: Any) -> list[Any]:
        found = sound.decide(state, command, now)
        if isinstance(command, Stage) and found:
            found.append(Promoted(command.by, now, command.candidate.run))
        return found

    return {**rooms, "release": replace(sound, decide=decide)}


PLANTS = {
    "": Plant(),
    "commit-without-epoch": Plant(store=NoFence),
    "outside-without-epoch": Plant(outside=_cluster_without_policy),
    "interrupted-begun-anew": Plant(cut=Cut.IDEMPOTENT),
    "post-without-look-up": Plant(outside=_slack_forgets),
    "request-not-known-again": Plant(store=Forgetful),
    "approval-of-another-plan": Plant(
        instead=(
            (policy, "of_this_plan", lambda _run, _digest: None),
            (Run, "agreed", property(lambda run: run.approvals)),
        )
    ),
    "requester-counts": Plant(instead=((policy, "somebody_else", _nobody_twice),)),
    "one-person-counts-twice": Plant(instead=((policy, "somebody_else", _not_the_requester),)),
    "good-before-the-watch": Plant(instead=((draft, "rooms", _promoted_at_once),)),
}
