"""Forms as Slack sends them: with what every field says, and for a choice that is told before the form is sent.

The local Slack knows of clicks on messages alone. A choice in a form goes through it as such a click, and becomes on
its way to the bot what Slack sends: the form, what its fields say, and no message.
"""

from collections.abc import Mapping
from typing import Any

Frame = dict[str, Any]
_SAID = {  # by kind of field: what it starts with, and what says it when it is sent
    "plain_text_input": ("initial_value", "value"),
    "static_select": ("initial_option", "selected_option"),
    "radio_buttons": ("initial_option", "selected_option"),
    "checkboxes": ("initial_options", "selected_options"),
    "datepicker": ("initial_date", "selected_date"),
    "users_select": ("initial_user", "selected_user"),
}


def filled(view: Mapping[str, Any], values: Mapping[str, Any]) -> Frame:
    """What each field says, by block and action id: as it was filled in, else what it started with."""
    return {
        block["block_id"]: {element["action_id"]: _said(element, values.get(block["block_id"], {}))}
        for block in view.get("blocks", [])
        if (element := block.get("element"))
    }


def _said(element: Mapping[str, Any], given: Mapping[str, Any]) -> Frame:
    initial, sent = _SAID[element["type"]]
    said = given.get(element["action_id"], {sent: element.get(initial)})
    return {"type": element["type"], sent: said.get(sent) or ([] if element["type"] == "checkboxes" else None)}


class Forms:
    """The choices in forms that are under way to the bot."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, str, str], Frame] = {}

    def choose(self, frame: Mapping[str, Any], view: Mapping[str, Any]) -> Frame:
        """Remember the form of a choice on the page; the frame that makes the local Slack tell of it."""
        action = frame["action"]
        given = {**frame["values"]}
        given[action["block_id"]] = {**given.get(action["block_id"], {}), action["action_id"]: action}
        self._under_way[_key(frame["user"], action)] = {**view, "state": {"values": filled(view, given)}}
        return {name: value for name, value in frame.items() if name != "values"}

    def as_slack_sends(self, payload: Frame) -> Frame:
        """A choice in a form with the form; any other payload as it is."""
        if payload.get("type") != "block_actions":
            return payload
        view = self._under_way.pop(_key(payload["user"]["id"], payload["actions"][0]), None)
        if view is None:
            return payload
        of_messages = {"message", "channel", "state", "response_url"}
        kept = {name: value for name, value in payload.items() if name not in of_messages}
        return {**kept, "container": {"type": "view", "view_id": view["id"]}, "view": view}


def _key(user: str, action: Mapping[str, Any]) -> tuple[str, str, str]:
    return user, action["block_id"], action["action_id"]
