"""Cards fit into Slack and call nobody, however long the checklist and whatever comes from outside."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.views.messages import Message, messages
from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.vocabulary import Choice, Done, Failed, Means, Outcome, Pending, Waiting
from tests.commands.cards import AT, buttons_of, elements, read, sound, text_of
from tests.commands.stages import KNOWN, Stages, sees
from tests.runs.stories import CHANGE, step


def test_of_a_long_checklist_the_open_lines_and_the_last_buttons_are_there() -> None:
    steps = [step(f"s{n}", "confirm", phase="Long") for n in range(60)]
    story = Stages().asked(quorum=None).planned(*steps, quorum=False)
    for n in range(60):
        assert buttons_of(story.run) == ["Done"] * min(10, 60 - n) + ["Abort"]
        assert json.loads(next(elements(story.run))["value"])["step"] == f"s{n}"
        story.ticked(f"s{n}")
    assert text_of(story.run).endswith("✅ Done at 10:02")


def test_of_many_phases_those_around_the_one_at_work_are_shown() -> None:
    steps = [step(f"s{n}", phase=f"Phase {n}") for n in range(40)]
    story = Stages().asked(quorum=None).planned(*steps, quorum=False)
    for n in range(20):
        story.done(f"s{n}", Done("well"))
    lines = text_of(story.begun("s20").run).splitlines()
    assert "✅ 17 phases before" in lines
    assert lines[-1] == "⬜ 16 phases more"
    assert "⏳ *Phase 20*" in lines


HOSTILE = st.text(max_size=4000) | st.just("<!channel> <@U1> &amp; *x* `y` <https://evil.example|click>\n" * 40)


def everything(run: Run) -> list[Message]:
    return messages(KNOWN, run, sees)


@settings(deadline=None)  # a card of sixty steps, on a busy machine
@given(HOSTILE, HOSTILE, st.integers(1, 60), st.booleans())
def test_whatever_comes_from_outside_fits_and_calls_nobody(title: str, reason: str, count: int, manual: bool) -> None:
    kinds = ["confirm" if manual else "command", "http.health", "something else"]
    steps = [
        replace(step(f"s{n}", kinds[n % 3], **CHANGE, phase=f"{title}{n % 7}"), title=title, shows=(reason, title))
        for n in range(count)
    ]
    story = Stages().asked(quorum=None).planned(*steps, quorum=False)
    story.run = replace(story.run, version=reason)
    for moment in ("begun", "pending", "doubt", "failed"):
        story.does(c.Note(title))
        if moment == "begun" and manual:
            story.ticked("s0")
        if moment == "pending":
            story.begun("s1" if manual else "s0")
        if (at := story.run.current) is not None and at.id in story.run.steps and moment != "begun":
            asked = Waiting(reason, (Choice("x", title or "x", Means.AGAIN, danger=True),), title)
            outcomes: dict[str, Outcome] = {
                "pending": Pending(story.now, reason),
                "doubt": asked,
                "failed": Failed(reason, {"tail": title}),
            }
            story.does(c.Record(at.id, story.epoch, outcomes[moment]))
        for message in everything(story.run):
            sound(message)


@pytest.mark.parametrize("stage", AT)
def test_every_stage_is_sound_and_no_key_is_there_twice(stage: str) -> None:
    found = everything(AT[stage])
    assert found[0].key == f"run/{AT[stage].id}/card"
    assert len({m.key for m in found}) == len(found)
    for message in found:
        sound(message)
        assert "!" not in read(message.text).replace("<!", "")
