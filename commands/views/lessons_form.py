"""The form that ends an incident: what resolved it and, where its severity asks for it, what was learned."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as default
from datetime import date, timedelta
from typing import Any

from commands.views import words
from commands.views.blocks import Block, section
from commands.views.sent import form_of
from runbooks.incidents.incident import Incident, Lessons
from runbooks.vocabulary import Actor

SUBMITTED = "lessons-form"
TEXT, OWNER, DUE = "text", "owner", "due"
LESSONS = {
    "happened": "What happened",
    "helped": "What helped",
    "change": "What is to change",
}
MOST = 2500  # characters of a field
_WITHIN = timedelta(days=7)  # suggested for the change


@dataclass(frozen=True)
class Filled:
    """What the form says; "" where it says nothing. `asks`: it asked for lessons."""

    incident: str
    asks: bool
    said: Mapping[str, str] = default(default_factory=dict)

    @property
    def text(self) -> str:
        """What resolved it."""
        return self.said.get(TEXT, "")

    def lessons(self, by: Actor) -> Lessons | None:
        """What was learned, once nothing is missing; `by` tells the team of the owner."""
        if not self.asks:
            return None
        owner = Actor(f"{by.partition('/')[0]}/{self.said[OWNER]}")
        happened, helped, change = (self.said[name] for name in LESSONS)
        return Lessons(happened, helped, change, owner, date.fromisoformat(self.said[DUE]))


def form(incident: Incident, text: str, by: Actor) -> Block:
    """The view. `text`: what was typed already."""
    asks = incident.asks_for_lessons
    blocks = [field(TEXT, "What resolved it", text)]
    if asks:
        opened = incident.opened_at
        assert opened is not None  # noqa: S101  # nobody asks before it is opened
        blocks += [
            section(f"{_why(incident)}: it ends with what was learned."),
            *(field(name, label) for name, label in LESSONS.items()),
            _input(OWNER, "Who sees to the change", {"type": "users_select", "initial_user": by.rpartition("/")[2]}),
            _input(DUE, "Until when", {"type": "datepicker", "initial_date": f"{opened.date() + _WITHIN}"}),
        ]
    labels = {"title": f"Resolve {incident.id}", "submit": "Resolve", "close": "Cancel"}
    return modal(SUBMITTED, labels, kept={"incident": incident.id, "asks": asks}, blocks=blocks)


def _why(incident: Incident) -> str:
    """Why it ends with lessons."""
    return (
        f"{incident.id} is the record of {incident.run}" if incident.run else f"{incident.id} is {incident.severity}"
    )


def modal(callback: str, labels: Mapping[str, str], *, kept: Mapping[str, Any], blocks: list[Block]) -> Block:
    """A form: `labels` of its title, submit and close; `kept` comes back with what is filled in."""
    texts = {name: _plain(label[:24]) for name, label in labels.items()}
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": json.dumps(kept),
        **texts,
        "blocks": blocks,
    }


def field(name: str, label: str, text: str = "") -> Block:
    """A text of some lines."""
    element: Block = {"type": "plain_text_input", "multiline": True, "max_length": MOST}
    return _input(name, label, {**element, **({"initial_value": text[:MOST]} if text else {})})


def _input(name: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": name, "label": _plain(label), "element": {**element, "action_id": name}}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def filled(view: Any) -> Filled:
    """What a submitted view says, as Slack sends it. Raises NotUnderstood."""
    sent = form_of(view)
    return Filled(sent.named("incident"), bool(sent.kept.get("asks")), sent.said)


def faults(found: Filled, *, today: date) -> dict[str, str]:
    """What is missing or can't be, by the block where Slack shows it."""
    wanted = [TEXT, *((*LESSONS, OWNER, DUE) if found.asks else ())]
    missing = {
        TEXT: "Say in a sentence what resolved it. Nothing was changed.",
        OWNER: "Choose who sees to the change. Nothing was changed.",
        DUE: "Choose a day. Nothing was changed.",
    }
    wrong = {
        name: missing.get(name, "Say it in a sentence or two; “nothing” is an answer too. Nothing was changed.")
        for name in wanted
        if not _is_said(found, name)
    }
    if found.asks and DUE not in wrong and date.fromisoformat(found.said[DUE]) < today - timedelta(days=1):
        wrong[DUE] = "This day is over. Choose one to come. Nothing was changed."
    return wrong


def _is_said(found: Filled, name: str) -> bool:
    """Whether the field says something, of the kind that it asks for."""
    said = found.said.get(name, "")
    fits: dict[str, Callable[[str], bool]] = {OWNER: words.is_id, DUE: _is_day}
    return fits.get(name, bool)(said)


def _is_day(said: str) -> bool:
    try:
        date.fromisoformat(said)
    except ValueError:
        return False
    return True
