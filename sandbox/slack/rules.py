"""Slack's rules that the local Slack does not keep, so that what works here works there.

Tokens are checked; a trigger id opens one view within three seconds; a response URL takes five answers in half an
hour; an answer that does not say for whom is for the person alone; a click on a private message comes without it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TRIGGER_SECONDS = 3
_ANSWER_SECONDS = 30 * 60
_ANSWERS = 5


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
    if answer.get("text") or answer.get("blocks"):
        answer.setdefault("response_type", "ephemeral")
    return answer


def as_slack_sends(payload: dict[str, Any]) -> dict[str, Any]:
    """A click's payload; of a private message Slack sends no copy, only where it is."""
    if payload.get("type") == "block_actions" and (payload.get("message") or {}).get("subtype") == "ephemeral":
        payload["container"]["is_ephemeral"] = True
        del payload["message"]
    return payload
