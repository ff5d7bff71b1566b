"""Forms on the local Slack's page behave as Slack's do: what they say, and what the bot hears of a choice in one."""

from typing import Any

import pytest

from sandbox.slack.forms import Forms, filled
from sandbox.slack.page_code import mended


def field(block: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": block, "element": {"type": kind, "action_id": "a", **more}}


ONE, TWO = {"value": "1"}, {"value": "2"}
VIEW = {
    "id": "V1",
    "blocks": [
        field("menu", "static_select", initial_option=ONE),
        field("text", "plain_text_input"),
        field("boxes", "checkboxes"),
        {"type": "divider"},
    ],
}


def test_a_field_says_what_was_filled_in_else_what_it_started_with() -> None:
    given = {"text": {"a": {"type": "plain_text_input", "value": "v7"}}, "of another form": {"a": {"value": "x"}}}
    assert filled(VIEW, given) == {
        "menu": {"a": {"type": "static_select", "selected_option": ONE}},
        "text": {"a": {"type": "plain_text_input", "value": "v7"}},
        "boxes": {"a": {"type": "checkboxes", "selected_options": []}},
    }


def test_a_menu_that_was_emptied_says_nothing() -> None:
    assert filled(VIEW, {"menu": {"a": {"type": "static_select"}}})["menu"]["a"]["selected_option"] is None


def test_a_choice_comes_with_its_form_and_a_click_as_it_is() -> None:
    forms = Forms()
    action = {"type": "static_select", "block_id": "menu", "action_id": "a", "selected_option": TWO}
    frame = {"t": "block_action", "channel": "", "user": "U1", "action": action, "values": {}}
    assert forms.choose(frame, VIEW) == {"t": "block_action", "channel": "", "user": "U1", "action": action}
    clicked = {"type": "block_actions", "user": {"id": "U1"}, "channel": {"id": ""}, "actions": [action]}
    told = forms.as_slack_sends(clicked)
    assert told["container"] == {"type": "view", "view_id": "V1"}
    assert told["view"]["state"]["values"]["menu"]["a"]["selected_option"] == TWO
    assert "channel" not in told
    assert forms.as_slack_sends(clicked) == clicked, "the next one is a click on a message"


def test_a_page_of_another_kind_is_not_mended_in_silence() -> None:
    with pytest.raises(ValueError, match="0 times"):
        mended("<html></html>")
