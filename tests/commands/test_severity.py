"""How bad a card says it is: what the document says, unless a change has failed."""

from dataclasses import replace

import pytest

from commands.views.headline import severity
from runbooks.runs import commands as c
from runbooks.vocabulary import Failed, Severity
from tests.commands.stages import Stages


def _saying(story: Stages, said: Severity | None) -> Stages:
    assert story.run.plan is not None
    story.run = replace(story.run, plan=replace(story.run.plan, severity=said))
    return story


def test_the_documents_own_is_shown() -> None:
    assert severity(_saying(Stages().deploying(), Severity.S4).run) == "S4"
    assert severity(_saying(Stages().back(), Severity.S1).run) == "S1"


def test_before_the_plan_stands_it_is_the_branchs_default() -> None:
    assert severity(Stages().asked().run) == "S3"
    back = Stages().asked(command="rollback", quorum=None).run
    assert severity(back) == "S2"
    assert severity(replace(back, runbook="rollback-procedures/planned")) == "S3"


@pytest.mark.parametrize(("said", "shown"), [(Severity.S4, "S2"), (Severity.S2, "S2"), (Severity.S1, "S1")])
def test_a_failed_change_is_no_less_than_an_s2(said: Severity, shown: str) -> None:
    story = _saying(Stages().deploying().changing(), said)
    assert severity(story.run) == said
    story.does(c.Record("rollout", 1, Failed("New pods crash.")))
    assert severity(story.run) == shown


def test_it_is_only_shown() -> None:
    plan = Stages().deploying().run.plan
    assert plan is not None
    assert replace(plan, severity=Severity.S1).digest == plan.digest
