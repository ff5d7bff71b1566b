"""Runs told as stories: commands applied one after the other, as the engine would."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runbooks.runs import commands as c
from runbooks.runs.decide import decide
from runbooks.runs.evolve import evolve, start
from runbooks.runs.state import Run
from runbooks.runs.todo import Todo, todo
from runbooks.vocabulary import Actor, Cut, Done, OnFailure, Plan, PlannedStep, Quorum, Refused, Then, Waiting

RILEY, ALEX, SAM = Actor("T1/URILEY"), Actor("T1/UALEX"), Actor("T1/USAM")
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SRE = frozenset({"sre"})
BY_SRE = Quorum("sre")
OTHER = "b" * 40
"""The commit that a branch moved to."""


def step(step_id: str, uses: str = "test", **more: Any) -> PlannedStep:
    return PlannedStep(id=step_id, title=step_id.capitalize(), phase=more.pop("phase", "Deploy"), uses=uses, **more)


CHANGE = {"changes": True, "cut": Cut.RECONCILES, "on_failure": OnFailure("deploy-failed", Then.ROLLBACK)}
STEPS = (
    step("tests", phase="Pre-deploy"),
    step("told", "confirm", phase="Pre-deploy"),
    step("gate", "approve", phase="Pre-deploy"),
    step("migrate", **CHANGE),
    step("rollout", **CHANGE),
    step("announce", phase="Post-deploy", on_failure=OnFailure(None, Then.GO_ON)),
)


def plan(*steps: PlannedStep, commit: str = "a" * 40, count: int = 1, quorum: bool = True) -> Plan:
    return Plan(
        "deployment", "d", "api", "production", "v42", commit, steps, Quorum("sre", count) if quorum else None
    )


@dataclass
class Story:
    """A run and the clock."""

    run: Run = field(default_factory=lambda: start("run/D-1"))
    now: datetime = TEN
    epoch: int = 1
    events: list[Any] = field(default_factory=list)

    def does(self, command: c.Command) -> list[Any]:
        found = decide(self.run, command, self.now)
        for event in found:
            self.run = evolve(self.run, event)
        self.events += found
        return found

    def after(self, **span: float) -> "Story":
        self.now += timedelta(**span)
        return self

    @property
    def next(self) -> Todo:
        return todo(self.run, self.epoch, self.now)

    def requested(self, *, quorum: Quorum | None = BY_SRE, **more: Any) -> "Story":
        self.does(
            c.Request(
                by=RILEY,
                command=more.pop("command", "deploy"),
                runbook="deployment",
                service="api",
                environment="production",
                version="v42",
                targets=frozenset({"main/prod/api", "database/DB"}),
                quorum=quorum,
                approval_seconds=1800,
                **more,
            )
        )
        return self

    def planned(self, *steps: PlannedStep, **more: Any) -> "Story":
        self.does(c.Adopt(plan(*(steps or STEPS), **more)))
        return self

    def begun(self, step_id: str, members: frozenset[Actor] = frozenset({ALEX, SAM})) -> "Story":
        self.does(c.Begin(step_id, self.epoch, members))
        return self

    def done(self, step_id: str, outcome: Any = None) -> "Story":
        self.begun(step_id).does(c.Record(step_id, self.epoch, outcome or Done()))
        return self

    def ticked(self, step_id: str, by: Actor = RILEY) -> "Story":
        self.does(c.Answer(by, step_id, "done", SRE, SRE))
        return self

    def approved(self, by: Actor = ALEX) -> "Story":
        self.does(c.Approve(by, self.run.digest, SRE))
        return self

    def verified(self) -> "Story":
        assert self.run.plan is not None
        self.does(c.Adopt(self.run.plan))
        return self

    def at_the_gate(self, **more: Any) -> "Story":
        self.requested().planned(**more).done("tests").ticked("told")
        return self.done("gate", Waiting("approval"))

    def past_the_gate(self) -> "Story":
        return self.at_the_gate().approved().verified()


def refused(story: Story, command: c.Command) -> Refused:
    """The refusal of a command that must leave the run as it is."""
    before = story.run
    with pytest.raises(Refused) as caught:
        story.does(command)
    assert story.run == before
    return caught.value
