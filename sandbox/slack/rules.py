"""Slack's rules that the local Slack does not keep, so that what works here works there.

Tokens are checked; a trigger id opens one view within three seconds; a response URL takes five answers in half an
hour; texts and blocks have sizes; an answer that does not say for whom is for the person alone.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TRIGGER_SECONDS = 3
_ANSWER_SECONDS = 30 * 60
_ANSWERS = 5
_TEXT = 40_000
_ID = 255
_BLOCKS = {"message": 50, "view": 100}
_TEXTS = {"section": 3000, "header": 150}
_ELEMENTS = {"actions": 25, "context": 10}
_BUTTON_TEXT = 75
_BUTTON_VALUE = 2000
_FIELDS = 10
_FIELD = 2000
_PRIVATE_METADATA = 3000


@dataclass
class _Offer:
    """Something that a payload offered: a trigger id or a response URL."""

    person: str
    made: float = field(default_factory=time.monotonic)
    uses: int = 0


class Offers:
    """The trigger ids and response URLs that were given to the bot, and what is left of them."""

    def __init__(self) -> None:
        self._triggers: dict[str, _Offer] = {}
        self._answers: dict[str, _Offer] = {}
        self.modal_owner = ""  # whom the open view is for: the last one whose trigger id was used

    def note(self, payload: Mapping[str, Any]) -> None:
        """Remember what a payload offers."""
        person = payload.get("user_id") or payload.get("user", {}).get("id", "")
        if trigger := payload.get("trigger_id"):
            self._triggers[trigger] = _Offer(person)
        if url := payload.get("response_url"):
            self._answers[url.rsplit("/", 1)[1]] = _Offer(person)

    def use_trigger(self, trigger: str) -> str:
        """Use a trigger id up; Slack's error code when that is not possible, else nothing."""
        offer = self._triggers.get(trigger)
        if offer is None:
            return "invalid_trigger_id"
        if time.monotonic() - offer.made > _TRIGGER_SECONDS:
            return "expired_trigger_id"
        if offer.uses:
            return "exchanged_trigger_id"
        offer.uses += 1
        self.modal_owner = offer.person
        return ""

    def use_answer(self, answer: str) -> str:
        """Use a response URL once; Slack's error code when that is not possible, else nothing."""
        offer = self._answers.get(answer)
        if offer is None or time.monotonic() - offer.made > _ANSWER_SECONDS:
            return "expired_url"
        offer.uses += 1
        return "used_url" if offer.uses > _ANSWERS else ""


def for_the_person_alone(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer to a command or by response URL, with Slack's default spelled out: only the person sees it."""
    says_something = answer.get("text") or answer.get("blocks")
    changes_another = answer.get("replace_original") or answer.get("delete_original")
    if says_something and not changes_another:
        answer.setdefault("response_type", "ephemeral")
    return answer


def too_large(args: Mapping[str, Any]) -> str:
    """Slack's error code for a message or view that breaks its limits, else nothing."""
    if len(str(args.get("text") or "")) > _TEXT:
        return "msg_too_long"
    view = args.get("view") or {}
    if len(view.get("private_metadata") or "") > _PRIVATE_METADATA:
        return "invalid_arguments"
    kind = "view" if view else "message"
    return "" if _fits(view.get("blocks") or args.get("blocks") or [], _BLOCKS[kind]) else "invalid_blocks"


def _fits(blocks: list[dict[str, Any]], count: int) -> bool:
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    return len(blocks) <= count and len(set(ids)) == len(ids) and all(map(_block_fits, blocks))


def _block_fits(block: Mapping[str, Any]) -> bool:
    kind = block.get("type", "")
    elements = [*block.get("elements", []), *filter(None, [block.get("accessory"), block.get("element")])]
    return (
        len(block.get("block_id", "")) <= _ID
        and _text_fits(block, _TEXTS.get(kind, _TEXT))
        and len(block.get("elements", [])) <= _ELEMENTS.get(kind, _ELEMENTS["actions"])
        and _fields_fit(block.get("fields", []))
        and all(map(_element_fits, elements))
        and _distinct(element.get("action_id") for element in elements)
    )


def _text_fits(thing: Mapping[str, Any], limit: int) -> bool:
    text = thing.get("text")
    if text is None:
        return True
    shown = text["text"] if isinstance(text, dict) else str(text)
    return 0 < len(shown) <= limit


def _fields_fit(fields: list[Mapping[str, Any]]) -> bool:
    return len(fields) <= _FIELDS and all(0 < len(each["text"]) <= _FIELD for each in fields)


def _element_fits(element: Mapping[str, Any]) -> bool:
    button = element.get("type") == "button"
    return (
        len(element.get("action_id", "")) <= _ID
        and len(element.get("value") or "") <= _BUTTON_VALUE
        and _text_fits(element, _BUTTON_TEXT if button else _TEXTS["section"])
    )


def _distinct(names: Iterable[str | None]) -> bool:
    known = [name for name in names if name]
    return len(set(known)) == len(known)
