"""`procedure.show`: the document is part of the plan, and stands in the thread until its line is ticked."""

from collections.abc import Mapping

import pytest

from commands.views.blocks import size
from commands.views.procedure import procedures
from runbooks.runs.state import Run, Status
from runbooks.steps.confirm import Confirm
from runbooks.steps.procedure import ProcedureParams, ProcedureShow, shown_by
from runbooks.vocabulary import Plan, PlannedStep, PlanningFailed
from sandbox.slack.sizes import too_large
from tests.steps.places import site


class Shelf:
    """Documents by id."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def text(self, document: str) -> str:
        return self.texts[document]


async def planned(text: str, document: str = "going-back") -> PlannedStep:
    step = ProcedureShow(Shelf({"going-back": text}))
    resolved = await step.resolve(ProcedureParams(document=document), site())
    return PlannedStep("procedure", "Read it", "Before", resolved.uses, resolved.params, resolved.shows)


def run(*steps: PlannedStep) -> Run:
    plan = Plan("r/planned", "d", "api", "production", "v1", "1" * 40, steps)
    return Run("R-1", Status.RUNNING, command="rollback", runbook="r/planned", plan=plan)


async def test_it_is_a_line_to_tick_that_carries_the_text() -> None:
    step = await planned("# Going back\n\nFirst look.\n")
    assert step.uses == Confirm.uses
    assert shown_by(step) == ("going-back", "# Going back\n\nFirst look.\n")
    assert shown_by(PlannedStep("x", "Another line", "Before", Confirm.uses, {}, ())) is None


async def test_another_text_is_another_plan() -> None:
    one, other = run(await planned("Look.")), run(await planned("Look twice."))
    assert one.plan is not None
    assert other.plan is not None
    assert one.plan.digest != other.plan.digest


async def test_a_document_that_is_not_there_keeps_the_run_from_starting() -> None:
    with pytest.raises(PlanningFailed, match=r"There is no document 'gone' in the library, so nobody"):
        await planned("", "gone")


async def test_the_thread_shows_it_as_it_is_read_and_nothing_in_it_is_live() -> None:
    [(name, title, blocks)] = procedures(run(await planned("# Going back\n\n- [ ] Tell <!channel>\n")))
    assert (name, title) == ("procedure/procedure/1", "📄 going-back")
    assert [b["text"]["text"] for b in blocks if b["type"] == "section"] == [
        "*Going back*\n☐ *Tell &lt;!channel&gt;*",
    ]


async def test_a_long_one_comes_in_parts_that_slack_takes_and_nothing_is_left_out() -> None:
    lines = [f"- [ ] Line {n} of very many\n" for n in range(1, 1500)]
    found = list(procedures(run(await planned("".join(lines)))))
    assert len(found) > 1
    assert [name for name, _, _ in found] == [f"procedure/procedure/{n}" for n in range(1, len(found) + 1)]
    assert all(too_large({"blocks": blocks}) == "" for _, _, blocks in found)
    assert all(size(blocks) < 13_000 for _, _, blocks in found)
    text = "\n".join(b["text"]["text"] for _, _, blocks in found for b in blocks if "text" in b)
    assert text.count("of very many") == len(lines)


def test_a_run_without_a_plan_shows_none() -> None:
    assert list(procedures(Run("R-1"))) == []
