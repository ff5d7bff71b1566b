"""Who approves a deploy reads on its card what the rehearsal of the way back left open, and approves just that."""

from runbooks.vocabulary import GAPS, Done
from tests.commands.cards import text_of, the_button
from tests.commands.stages import HEALTHY, PASSED, Stages

UNTRIED = "024_rollback.sql was tried on an empty never only: no rows could be put there (none passes its check)."
LOST = "024_rollback.sql does not bring back values of customers.town: 812 of 1,000 rows hold a value."


def judged(*gaps: str) -> Stages:
    story = Stages().deploying()
    story.done("tests", Done(PASSED.line, {**PASSED.evidence, GAPS: list(gaps)})).done("migrations-plan")
    story.ticked("staging").done("health-before", HEALTHY).ticked("documented").ticked("notified").begun("approval")
    return story


def test_each_gap_has_its_line_and_the_approval_says_that_it_covers_them() -> None:
    run = judged(UNTRIED, LOST).run
    text = text_of(run)
    covers = "it covers these 2 gaps in the way back"
    assert f"• *Way back*  ⚠️ {UNTRIED}\n• *Way back*  ⚠️ {LOST}\n• *Approval*  1 of @sre" in text
    assert f"not <@URILEY> · {covers}\n" in text
    assert text.splitlines()[-1].endswith(covers)
    assert run.approvable in the_button(run, "Approve")["value"]


def test_however_many_there_are_the_card_has_room() -> None:
    text = text_of(judged(*(f"{n} {UNTRIED}" for n in range(30))).run)
    assert text.count("was tried on an empty never only") == 8
    assert "• *Way back*  ⚠️ 22 more like these; the thread has them" in text
    assert "it covers these 30 gaps in the way back" in text
