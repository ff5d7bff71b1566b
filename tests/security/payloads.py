"""Slack's payloads as somebody might spoil them: every command, button and form, with words that mean something."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.security.hostile import TEXTS

TEAM, PERSON = "T1", "UALEX"
WORDS = (
    *("/deploy", "deploy", "help", "status", "history", "abort", "lock", "unlock", "read", "list", "declare"),
    *("update", "found", "resolve", "planned", "to", "api", "production", "v1", "v2", "apy", "prodution"),
    *("D-1", "R-1", "I-1", "D-999999999999999999999999", "S1", "acme", "2026-11-01", "2026-11-30", "9999-99-99"),
    *("operations", "deployment-checklist.md", "../../etc/passwd", "-rf", "$(id)", "';drop table events;--", "%s"),
)
COMMANDS = ("/deploy", "/rollback", "/incident", "/onboard", "/ops", "/lkg", "/audit")
ACTIONS = (
    *("approve", "reject", "abort", "answer:told-everybody:done", "acknowledge", "open-incident", "lead"),
    *("investigate", "roll-back", "ask-rollback", "cancel", "ops:question/1", "approve-pack", "reject-pack"),
    *("form-service", "form-environment", "form-known", "form-typed", "resolve-incident", "say-found", "unheard-of"),
)
FORMS = ("deploy-form", "lessons-form", "found-form", "unheard-of")
GOOD = {
    **{"run": "D-1", "digest": "d", "step": "told-everybody", "choice": "done", "epoch": "7", "finding": "D-1.x"},
    **{"incident": "I-2", "from": "", "service": "api", "environment": "production", "version": "v1", "shown": ""},
    **{"asked": "1.2", "to": "question/1", "back": "", "packs": "audit/api", "request": "1"},
}
"""What buttons carry."""
NAMES = sorted(GOOD)
FIELDS = (
    *("form-service", "form-environment", "form-known", "form-typed", "text", "happened", "helped", "change"),
    *("owner", "due", "found"),
)

word = st.sampled_from(WORDS) | st.sampled_from(TEXTS) | st.text(max_size=12)
phrase = st.lists(word, max_size=6).map(" ".join)
scalar = word | phrase | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False)
nested = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=3), max_leaves=8
)
spoilt = st.dictionaries(st.sampled_from(NAMES), word | scalar | nested, max_size=2)
values = spoilt.map(lambda spoilt: {**GOOD, **spoilt})
carried = st.one_of(values.map(json.dumps), values.map(json.dumps), word, nested.map(json.dumps))


def mostly(usual: str) -> st.SearchStrategy[str]:
    return st.one_of(*[st.just(usual)] * 6, word)


@st.composite
def command(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(phrase | st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join))
    return {"command": draw(st.sampled_from(COMMANDS)), "text": text, "channel_id": "C1"}


@st.composite
def click(draw: st.DrawFn) -> dict[str, Any]:
    action = {"action_id": draw(st.sampled_from(ACTIONS)), "type": "button", "value": draw(carried)}
    if draw(st.booleans()):
        action |= draw(st.dictionaries(st.sampled_from(("value", "selected_option", "block_id")), nested, max_size=2))
    body: dict[str, Any] = {"type": "block_actions", "actions": [action]}
    return body | ({"view": {**draw(form())["view"], "id": "V1"}} if draw(st.booleans()) else {})


FILLED: Mapping[str, Mapping[str, Any]] = {
    "form-service": {"selected_option": {"value": "api"}},
    "form-known": {"selected_option": {"value": "v2"}},
    **{name: {"value": "said"} for name in ("text", "happened", "helped", "change", "found")},
    "owner": {"selected_user": PERSON},
    "due": {"selected_date": "2099-12-01"},
}
state = st.fixed_dictionaries(
    {},
    optional={
        "value": word | phrase | st.none(),
        "selected_option": st.none() | st.fixed_dictionaries({"value": word}),
        "selected_user": word,
        "selected_date": st.sampled_from(("2026-12-01", "1900-01-01", "soon", "")) | word,
    },
)


@st.composite
def form(draw: st.DrawFn) -> dict[str, Any]:
    fields = {**FILLED, **draw(st.dictionaries(st.sampled_from(FIELDS), state, max_size=4))}
    blocks = [{"type": "input", "block_id": name, "element": {"action_id": name}} for name in fields]
    view = {
        "type": "modal",
        "callback_id": draw(st.sampled_from(FORMS)),
        "private_metadata": draw(mostly('{"incident": "I-2", "asks": true}') | carried),
        "state": {"values": {name: {name: said} for name, said in fields.items()}},
        "blocks": blocks,
    }
    return {"type": "view_submission", "view": view}


def event(tab: Any) -> dict[str, Any]:
    return {"type": "event_callback", "event": {"type": "app_home_opened", "tab": tab}}


@st.composite
def sent(draw: st.DrawFn) -> dict[str, Any]:
    """One payload, from somebody, with some of it replaced by anything."""
    asked = draw(command() | click() | form() | nested.map(event))
    trigger, person, team = draw(mostly("1.2.a") | st.uuids().map(str)), draw(mostly(PERSON)), draw(mostly(TEAM))
    whole = named(asked, trigger=trigger, person=person, team=team)
    return draw(broken(whole)) if draw(st.integers(0, 3)) == 0 else whole


def named(asked: Mapping[str, Any], *, trigger: str, person: str = PERSON, team: str = TEAM) -> dict[str, Any]:
    """The payload with who sent it, where each kind says so."""
    if "command" in asked:
        return {**asked, "team_id": team, "user_id": person, "trigger_id": trigger}
    if asked["type"] == "event_callback":
        return {**asked, "team_id": team, "event": {**asked["event"], "user": person}}
    return {**asked, "trigger_id": trigger, "user": {"id": person}, "team": {"id": team}}


@st.composite
def broken(draw: st.DrawFn, whole: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with one of its values, at any depth, replaced or left out."""
    copy = json.loads(json.dumps(whole))
    place: Any = copy
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 3)):
            place = place[key]
            continue
        if draw(st.booleans()):
            place[key] = draw(nested)
        else:
            del place[key]
        return dict(copy)
