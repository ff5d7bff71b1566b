"""What Slack sends back of a button or a form: read once by its shape, so that nobody else need doubt it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from commands.views.typed import visible

_VALUE = TypeAdapter(dict[str, str])
_KEPT = TypeAdapter(dict[str, str | bool])


class NotUnderstood(Exception):
    """It is not of a shape that a button or form of ours has now."""


class _Option(BaseModel):
    value: str


class _Field(BaseModel):
    value: str | None = None
    selected_option: _Option | None = None
    selected_user: str | None = None
    selected_date: str | None = None

    @property
    def said(self) -> str:
        option = self.selected_option.value if self.selected_option else ""
        return visible(option or self.value or self.selected_user or self.selected_date or "").strip()


class _State(BaseModel):
    values: dict[str, dict[str, _Field]]


class _Element(BaseModel):
    action_id: str = ""


class _Block(BaseModel):
    block_id: str = ""
    element: _Element | None = None


class _View(BaseModel):
    id: str = ""
    private_metadata: str = ""
    state: _State
    blocks: list[_Block] = []


@dataclass(frozen=True)
class Sent:
    """A form: its id, what it kept, what its fields say by their action ids, and the block that each stands in."""

    view: str
    kept: Mapping[str, str | bool]
    said: Mapping[str, str]
    blocks: Mapping[str, str]

    def named(self, what: str) -> str:
        """What it kept a name of. Raises NotUnderstood."""
        match self.kept.get(what):
            case str(name) if name.isprintable():
                return name
        raise NotUnderstood


def form_of(given: Any) -> Sent:
    """The form that was submitted, or that a click was in. Raises NotUnderstood."""
    try:
        view = _View.model_validate(given)
        kept = _KEPT.validate_json(view.private_metadata or "{}")
    except ValidationError:
        raise NotUnderstood from None
    said = {name: field.said for block in view.state.values.values() for name, field in block.items()}
    return Sent(view.id, kept, said, {b.element.action_id: b.block_id for b in view.blocks if b.element})


def value_of(body: Mapping[str, Any]) -> dict[str, str]:
    """What the button carries that was clicked. Raises NotUnderstood."""
    try:
        value = _VALUE.validate_json(body["actions"][0]["value"])
    except (ValidationError, KeyError):
        raise NotUnderstood from None
    if any(not each.isprintable() for each in value.values()):
        raise NotUnderstood
    return value
