"""`notify.stakeholders`: tells the people and channels of the catalogue what comes, before it comes.

The messages are rendered and sent with all others, from the run's state: this step only waits for them. That they
were delivered is checked, that they were read is not. Where nobody is named a person ticks the line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.confirm import Confirm
from runbooks.vocabulary import Done, Failed, Json, Outcome, Pending

_AGAIN = timedelta(seconds=1)
_PATIENCE = timedelta(minutes=2)
_WHY = {
    "channel_not_found": "there is no such channel, or Opsbot is not in it",
    "not_in_channel": "Opsbot is not in it",
    "is_archived": "it is archived",
    "user_not_found": "there is no such person",
    "user_disabled": "that account is closed",
    "cannot_dm_bot": "that is a bot",
}


@dataclass(frozen=True)
class Delivery:
    """How far a message has come: in Slack, refused by it (its own code), or neither yet."""

    posted: bool = False
    refused: str = ""


class Sent(Protocol):
    """The messages of runs, as they were sent."""

    async def deliveries(self, run: str) -> Mapping[str, Delivery]:
        """A run's messages, by key; one that is not there was not tried yet."""
        ...


def key_of(run: str, whom: str) -> str:
    """The key of the message that tells this person or channel."""
    return f"run/{run}/told/{whom}"


class NotifyStakeholders(Step):
    """Waits until all of them were told."""

    uses = "notify.stakeholders"

    def __init__(self, sent: Sent) -> None:
        self._sent = sent

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """Who."""
        named = site.environment.stakeholders
        channels, people = list(dict.fromkeys(named.channels)), list(dict.fromkeys(named.people))
        if not channels and not people:
            shows = (f"A person tells the stakeholders: {site.environment_name} names none",)
            return Resolved(uses=Confirm.uses, shows=shows)
        return Resolved({"channels": channels, "people": people}, (f"tells {_counted(channels, people)}",))

    async def start(self, turn: Turn) -> Outcome:
        """That the step has begun lets the messages be sent."""
        return Pending(turn.now + _AGAIN, "sending")

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """See who was reached."""
        channels, people = turn.step.params["channels"], turn.step.params["people"]
        found = await self._sent.deliveries(turn.site.run)
        delivered = {whom: found.get(key_of(turn.site.run, whom), Delivery()) for whom in (*channels, *people)}
        missing = [whom for whom, delivery in delivered.items() if not delivery.posted]
        if not missing:
            return Done(f"told {_counted(channels, people)}", {"channels": channels, "people": people})
        refused = {whom: delivered[whom].refused for whom in missing if delivered[whom].refused}
        if refused:
            return _failed(turn, {whom: _why(code) for whom, code in refused.items()})
        if turn.now - turn.began_at >= _PATIENCE:
            return _failed(turn, dict.fromkeys(missing, "not posted for 2 minutes"))
        return Pending(turn.now + _AGAIN, "sending", token)


def _failed(turn: Turn, missing: Mapping[str, str]) -> Failed:
    told = ", ".join(f"{whom} ({why})" for whom, why in missing.items())
    unchanged = "" if turn.changed_at else " Nothing was changed."
    return Failed(
        f"Not told: {told}. Mend that, or correct `stakeholders` of {turn.site.environment_name} in the catalogue, "
        f"then ask again.{unchanged}",
        {"not_told": list(missing)},
    )


def _why(code: str) -> str:
    return _WHY.get(code, f"Slack says {code}")


def _counted(channels: Sequence[str], people: Sequence[str]) -> str:
    counts = [(len(channels), "channel", "channels"), (len(people), "person", "people")]
    return " and ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
