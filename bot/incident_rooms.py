"""Asks Slack for what an incident needs beside messages, each once; what Slack refuses is told, not tried again."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from bot.adapters.postgres.messages import Message as Sent
from bot.adapters.postgres.messages import MessageLog
from bot.adapters.slack.channels import SlackChannels
from bot.adapters.slack.client import SlackRefused
from commands.views.incident_room import Room, numbered
from runbooks.engine.people import Members
from runbooks.incidents.handling import FromSlack, LoseChannel, SlackDid
from runbooks.incidents.in_slack import Slack
from runbooks.incidents.incident import Incident

NAMES = 20  # tried before a taken name is given up
GONE = frozenset({"is_archived", "is_inactive", "channel_not_found", "not_in_channel"})
"""What Slack answers where nothing can be told in a channel any more; to bring it back is not ours."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class IncidentRooms:
    """What the deliveries ask."""

    sent: MessageLog
    slack: SlackChannels
    members: Members

    async def ask(self, room: Room, stream: str, sent: Mapping[str, Sent]) -> FromSlack | None:
        """What Slack did or refused, or that the channel is lost; None where its card does not stand yet.

        Raises Unreachable: ask again.
        """
        try:
            match room.asked:
                case Slack.CREATE:
                    channel, name = await self._made(room, stream, sent.get(room.key))
                    return SlackDid(Slack.CREATE, channel=channel, name=name)
                case Slack.PIN:
                    return await self._pin(sent.get(room.card))
                case Slack.INVITE:
                    await self.slack.invite(room.channel, await self._people(room))
        except SlackRefused as refused:
            log.warning("Slack refused to %s for %s: %s", room.asked, stream, refused)
            if room.channel and str(refused) in GONE:
                return LoseChannel(room.channel, str(refused))
            card = sent.get(room.card) if room.asked is Slack.PIN else None
            return SlackDid(room.asked, refused=str(refused), ts=(card and card.ts) or "")
        return SlackDid(room.asked)

    async def _pin(self, card: Sent | None) -> SlackDid | None:
        if card is None or card.ts is None:
            # a card that Slack will not take is never pinned: what is left must not wait for it
            return SlackDid(Slack.PIN, refused=card.refused) if card is not None and card.refused else None
        await self.slack.pin(card.channel, card.ts)
        return SlackDid(Slack.PIN, ts=card.ts)

    async def _made(self, room: Room, stream: str, before: Sent | None) -> tuple[str, str]:
        """Its id and name: the intent is stored first, and where it stood already the channel is looked for."""
        names = [numbered(room.name, number) for number in range(1, NAMES + 1)]
        found = None
        if before is None:
            await self.sent.intend(room.key, stream=stream, channel=room.name, body="")
        elif before.ts is not None:
            return before.ts, before.body
        else:
            found = await self.slack.find(names, purpose=room.purpose, since=before.intended_at)
        channel, name = found or await self._new(names)
        try:
            await self.slack.describe(channel, room.purpose)
        except SlackRefused as refused:
            log.info("Slack keeps no purpose of #%s: %s", name, refused)
        await self.sent.posted(room.key, ts=channel, body=name)
        return channel, name

    async def _new(self, names: list[str]) -> tuple[str, str]:
        for name in names:
            try:
                return await self.slack.create(name), name
            except SlackRefused as refused:
                if str(refused) != "name_taken":
                    raise
        raise SlackRefused("name_taken")

    async def _people(self, room: Room) -> list[str]:
        groups = await asyncio.gather(*map(self.members.of, room.groups))
        members = [member.rpartition("/")[2] for group in groups for member in sorted(group)]
        return list(dict.fromkeys([*room.people, *members]))


def lost(incident: Incident, sent: Mapping[str, Sent]) -> FromSlack | None:
    """That its channel takes no message any more, where Slack said so of one."""
    mine = (message.refused for message in sent.values() if message.channel == incident.channel)
    why = next((code for code in mine if code in GONE), "")
    return LoseChannel(incident.channel, why) if incident.channel and why else None
