"""The clock of an emergency rollback as people read it: on its card, and part by part in its thread."""

from dataclasses import replace
from datetime import timedelta

from commands.views.asides import asides
from commands.views.asking import buttons
from commands.views.clock import clock_line, measured
from commands.views.headline import title
from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.vocabulary import Choice, Done, Means, Waiting
from tests.commands.cards import AT, read
from tests.commands.stages import KNOWN, ROLLBACK, V41, Stages
from tests.runs.stories import RILEY, SRE


def thread(run: Run) -> list[str]:
    return [read(aside.text) for aside in asides(run, KNOWN) if aside.name.startswith("clock/")]


def under_way() -> Stages:
    story = Stages().asked(command="rollback", quorum=None, target=V41)
    story.run = replace(story.run, id="R-2", version="v41")
    story.planned(*ROLLBACK, commit=V41.commit, quorum=False)
    return story


def test_from_its_start_it_says_when_it_began_and_by_when_it_should_be_over() -> None:
    story = Stages().asked(command="rollback", quorum=None, target=V41)
    assert clock_line(story.run) == (
        "⏱ Began at <!date^1795514402^{time_secs}|10:00:02 UTC> · "
        "the five minutes are over at <!date^1795514702^{time_secs}|10:05:02 UTC>"
    )


def test_no_counter_is_ticked_while_it_goes_on() -> None:
    story = under_way()
    before = clock_line(story.run)
    story.begun("take-over").after(minutes=2)
    assert clock_line(story.run) == before


def test_its_parts_stand_in_its_thread_each_once_it_is_over() -> None:
    assert thread(under_way().run) == []
    assert thread(AT["rolled back"]) == [
        "⏱ Take over from a deploy that is still under way: 2 s",
        "⏱ Revert to previous deployment: 2 s",
        "⏱ Verify health: 2 s",
        "⏱ If DB migration was applied, check rollback script: 2 s, and 2 s waiting for <@URILEY>",
        "⏱ Announce the rollback: 2 s",
        "⏱ Healthy 14 s after it was asked for, of five minutes.",
    ]


def test_the_title_tells_the_total_once_it_stands_though_its_lessons_are_not_written() -> None:
    story = Stages().back()
    story.does(c.Answer(RILEY, "schema", "leave", SRE, SRE))
    assert title(story.run) == "Roll back solvereign-api production to v41"
    story.done("announce", Done("announced"))
    assert title(story.run) == "Rolled back solvereign-api production to v41 in 14 s"


def test_longer_than_five_minutes_is_said_plainly() -> None:
    assert measured(timedelta(minutes=5)) == "Healthy 5 m 0 s after it was asked for, of five minutes."
    assert measured(timedelta(minutes=6, seconds=12)) == (
        "Healthy 6 m 12 s after it was asked for: 1 m 12 s longer than the five minutes."
    )


def test_one_that_did_not_come_to_healthy_says_so() -> None:
    story = under_way()
    story.does(c.Abort(RILEY, SRE, SRE))
    story.does(c.Stopped("nothing was changed"))
    assert read(clock_line(story.run)) == "⏱ Began at 10:00:02; it did not come to healthy."


def test_a_deploy_and_a_planned_rollback_have_no_clock() -> None:
    planned = replace(AT["rolled back"], runbook="rollback-procedures/planned")
    assert [clock_line(AT["deployed"]), clock_line(planned)] == ["", ""]
    assert [*thread(AT["deployed"]), *thread(planned)] == []
    assert title(planned) == "Rolled back solvereign-api production to v41"


def asked(asks: str) -> str:
    """The dialog before a dangerous choice."""
    story = Stages().back()
    run = Choice("lose-1-abc", "Take it away: run 024_rollback.sql", Means.AGAIN, danger=True, asks=asks)
    story.does(c.Answer(RILEY, "schema", "take-back-1", SRE, SRE))
    story.epoch = 2
    story.done("schema", Waiting("a second word on 024_rollback.sql", (run,)))
    elements = [element for block in buttons(story.run) for element in block["elements"]]
    return str(next(e for e in elements if e.get("style") == "danger")["confirm"]["text"]["text"])


def test_before_data_goes_the_dialog_names_it() -> None:
    said = "024_rollback.sql drops table tenant_flags: 87 rows."
    assert asked(said) == said


def test_what_does_not_fit_into_the_dialog_is_in_the_thread() -> None:
    said = asked("drops table tenant_flags: 87 rows; " * 20)
    assert len(said) <= 300
    assert said.endswith("… The thread has the whole.")
