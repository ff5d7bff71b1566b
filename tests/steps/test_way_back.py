"""The rollback plan that is written before a deploy: what comes back, what is lost, who may ask for it."""

from dataclasses import replace
from typing import Any

import pytest

from runbooks.durations import Took
from runbooks.steps.base import Site
from runbooks.steps.kubernetes.workloads import Denied, Missing, Patch, Ref
from runbooks.steps.way_back import WayBackWrite
from runbooks.vocabulary import Done, Failed, Json, KnownGood, KnownWorkload, PlanningFailed
from tests.fixtures.schemas import FLAGS, SHIFTS, TENANTS
from tests.steps import places
from tests.steps.test_probes import Cluster, running
from tests.steps.two_places import Two


def way_back(two: Two, commit: str, **known: Any) -> Site:
    good = KnownGood("D-100", "v41", "3f2c1d9" + "0" * 33, (), "021_tenants", "", places.NOW)
    return replace(two.site(commit), known_good=replace(good, **known))


async def test_the_way_back_says_what_is_lost_and_how_it_is_asked_for(two: Two) -> None:
    await two.deployed("production", two.release(TENANTS))
    commit = two.release(TENANTS, SHIFTS, FLAGS)
    images = {"api": "registry.example/solvereign-api@sha256:abc"}
    workload = KnownWorkload("solvereign-api", "d-1", {}, images, config_maps={"solvereign-env": {"A": "1"}})
    step = WayBackWrite(two.planner, Cluster(Missing()))
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
    step = WayBackWrite(two.planner, Cluster(Missing()))
    outcome = await step.start(await places.turn(step, {}, way_back(two, commit)))

    assert isinstance(outcome, Done)
    assert outcome.line == "back to v41 3f2c1d9 · no migration to take back"
    assert "Schema: this release brings no migration" in outcome.evidence["document"]


async def test_without_a_last_known_good_there_is_no_way_back(two: Two) -> None:
    step = WayBackWrite(two.planner, Cluster(Missing()))
    with pytest.raises(PlanningFailed, match="opsbot adopt solvereign-api production") as caught:
        await places.turn(step, {}, two.site(two.release(TENANTS)))

    assert caught.value.finding is None


async def test_what_the_cluster_would_refuse_is_told_once(two: Two) -> None:
    await two.deployed("production", two.release(TENANTS))
    workload = KnownWorkload("solvereign-api", "d-1", {}, {"api": "registry.example/solvereign-api@sha256:abc"})
    step = WayBackWrite(two.planner, Cluster(Denied("The cluster forbids it.")))
    place = way_back(two, two.release(TENANTS, SHIFTS), workloads=(workload,))
    refused = await step.start(await places.turn(step, {}, place))

    # that nothing was changed is told from the run's state
    assert refused == Failed("v41 could not be put back afterwards. The cluster forbids it.")


class Taking(Cluster):
    """A cluster that would take the way back."""

    async def patch(self, ref: Ref, patch: Patch, *, dry_run: bool = False) -> Json:
        assert dry_run
        return await self.read(ref)


async def test_it_says_how_long_it_takes_and_of_what_that_is_made_up(two: Two) -> None:
    commit = two.release(TENANTS)
    await two.deployed("production", commit)
    raw = running(wanted=3)
    workload = KnownWorkload("solvereign-api", "d-1", raw["spec"]["template"], {"api": "registry.example/api:v41"})
    raw["metadata"]["uid"] = "d-1"
    step = WayBackWrite(two.planner, Taking(raw))
    turn = await places.turn(step, {}, way_back(two, commit, workloads=(workload,)))
    takes = "back in about 20 s: pods 9 s, steady 7 s, health 4 s"
    assert turn.step.shows == ("Way back: v41 3f2c1d9 · no migration to take back", takes)
    assert turn.step.takes == 20
    assert "20" not in str(turn.step.params), "what others may change meanwhile enters no digest"

    outcome = await step.start(turn)
    assert isinstance(outcome, Done)
    assert outcome.line == "back to v41 3f2c1d9 in about 20 s · no migration to take back"
    assert f"How long: {takes}" in outcome.evidence["document"].split("\n")


async def test_what_was_measured_here_before_counts(two: Two) -> None:
    commit = two.release(TENANTS)
    await two.deployed("production", commit)
    raw = running(wanted=3)
    workload = KnownWorkload("solvereign-api", "d-1", raw["spec"]["template"], {})
    place = replace(way_back(two, commit, workloads=(workload,)), took=(Took(407, 3, back=True),))
    turn = await places.turn(WayBackWrite(two.planner, Taking(raw)), {}, place)
    assert turn.step.shows[1] == "back in about 7 min: pods 400 s (as measured before), steady 7 s, health 4 s"
    assert turn.step.takes == 411
