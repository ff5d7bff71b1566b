"""The buttons of a card: which there are, what they carry, and which of them ask once more."""

import json

from commands.views.run_card import card
from runbooks.runs import commands as c
from runbooks.vocabulary import InDoubt
from tests.commands.cards import AT, LOOK, buttons_of, elements, text_of, the_button
from tests.commands.stages import Stages


def test_an_open_manual_line_has_its_button_beside_it() -> None:
    run = AT["waits for lines"]
    assert buttons_of(run) == ["Done", "Done", "Done", "Abort"]
    beside = [b for b in card(run, LOOK) if "accessory" in b]
    assert [b["text"]["text"] for b in beside] == [
        "\u2003⬜ Migrations tested on staging",
        "\u2003⬜ Rollback plan documented",
        "\u2003⬜ Stakeholders notified",
    ]
    assert json.loads(beside[0]["accessory"]["value"]) == {"run": "D-1", "step": "staging", "choice": "done"}


def test_a_mistake_that_costs_is_asked_about() -> None:
    assert "confirm" not in the_button(AT["waits for lines"], "Abort")
    abort = the_button(AT["rolling out"], "Abort")
    assert "style" not in abort
    assert abort["confirm"]["title"]["text"] == "Abort this deploy?"
    assert abort["confirm"]["text"]["text"] == (
        "solvereign-api in production is being changed. What is under way is ended where that can be done; "
        "what was changed already stays."
    )
    down = the_button(AT["asks about the schema"], "Run 024_rollback.sql")
    assert down["style"] == "danger"
    assert down["confirm"]["title"]["text"] == "Run 024_rollback.sql?"
    assert "What it takes away is gone" in down["confirm"]["text"]["text"]


def test_a_decision_has_its_choices_as_buttons_the_harmless_one_first() -> None:
    found = [(e["text"]["text"], e.get("style")) for e in elements(AT["asks about the schema"])]
    assert found == [
        ("Done", None),
        ("Leave the schema as it is", "primary"),
        ("Run 024_rollback.sql", "danger"),
        ("Abort", None),
    ]


def test_nobody_is_nudged_to_an_answer_in_doubt() -> None:
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, InDoubt("“Deploy new pods” was interrupted. Was it done?")))
    assert [e.get("style") for e in elements(story.run)] == [None] * 4
    assert "⏸ “Deploy new pods” was interrupted. Was it done? @developers or @sre can answer." in text_of(story.run)
