"""What an incident has of Slack beside its messages: what was asked, what came of it, and that a channel was lost."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from runbooks.events import Happened


class Slack(StrEnum):
    """What Slack is asked to do for an incident, each once, in this order."""

    CREATE = "create"  # its channel
    PIN = "pin"  # its card
    INVITE = "invite"  # the people it concerns


@dataclass(frozen=True)
class SlackAnswered(Happened):
    """Slack did what the incident asked of it, or `refused` it, by its own code. `ts`: the card that was pinned."""

    asked: Slack
    refused: str = ""
    channel: str = ""
    name: str = ""
    ts: str = ""
    kind: Literal["slack-answered"] = "slack-answered"


@dataclass(frozen=True)
class ChannelLost(Happened):
    """Nothing can be told in its channel any more; `why` is Slack's own code (`is_archived`)."""

    why: str
    kind: Literal["channel-lost"] = "channel-lost"
