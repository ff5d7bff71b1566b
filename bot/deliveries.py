"""Make Slack equal to what the state calls for: missing messages are posted, cards that moved on are edited.

Rendered from the state as it is now, so an edit that failed heals with the next one.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.plots import drawn
from bot.adapters.postgres.messages import Message as Sent
from bot.adapters.postgres.messages import MessageLog
from bot.adapters.slack.client import Poster, SlackRefused
from bot.incident_rooms import IncidentRooms, lost
from commands.views import words
from commands.views.blocks import context
from commands.views.incident_room import room
from commands.views.messages import Message, messages, streams_seen
from commands.views.plots import Picture
from runbooks.catalogue import Catalogue
from runbooks.engine.incidents import keep
from runbooks.incidents.incident import Incident
from runbooks.store import Lease, Store
from runbooks.vocabulary import Unreachable, digest_of

AGAIN = timedelta(seconds=3)
GAP = timedelta(seconds=1.2)  # between edits of one card: Slack takes about 50 a minute (Slack rate limits, tier 3)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deliveries:
    """What a worker calls with a lease on a stream's messages."""

    store: Store
    sent: MessageLog
    slack: Poster
    catalogue: Catalogue
    clock: Callable[[], datetime]
    rooms: IncidentRooms
    edited: dict[str, datetime] = field(default_factory=dict)  # key -> when this process last edited it
    uploaded: dict[str, str] = field(default_factory=dict)  # picture -> file that no message shows yet

    async def deliver(self, lease: Lease) -> datetime | None:
        """Post and edit what is wanted; answers when to try again, None where Slack is equal."""
        stream = lease.work.key
        state = (await self.store.read([stream])).streams[stream].state
        seen = (await self.store.read(streams_seen(state))).streams
        sent = dict(await self.sent.of(stream))
        try:
            wanted = messages(self.catalogue, state, lambda name: seen[name].state)
            later = [await self._deliver(stream, message, sent) for message in wanted]
            if isinstance(state, Incident):
                await self._room(lease, state, sent)
        except Unreachable as cause:
            log.warning("messages of %s wait: %s", stream, cause)
            return self.clock() + AGAIN
        return min((due for due in later if due), default=None)

    async def _room(self, lease: Lease, incident: Incident, sent: Mapping[str, Sent]) -> None:
        """Ask Slack for the next thing that the incident needs; what came of it wakes these messages again."""
        wanted, did = room(self.catalogue, incident), lost(incident, sent)
        if did is None and wanted is not None:
            did = await self.rooms.ask(wanted, lease.work.key, sent)
        if did is not None:
            await keep(self.store, self.catalogue, lease=lease, did=did, now=self.clock())

    async def _deliver(self, stream: str, message: Message, sent: dict[str, Sent]) -> datetime | None:
        """Post or edit one; answers when to come back for an edit that is too soon after the last."""
        before, body = sent.get(message.key), _body(message)
        try:
            if before is None or before.ts is None:
                if not message.thread or _ts(sent, message.thread):
                    sent[message.key] = await self._post(stream, message, sent)
            elif message.kept and before.body != body:
                return await self._edit(message, before.channel, before.ts)
        except SlackRefused as refused:
            log.error("Slack refused %s in %s: %s", message.key, message.channel, refused)  # noqa: TRY400  # expected
            await self.sent.refused(message.key, why=str(refused))
            intended = sent.get(message.key) or Sent(message.key, message.channel, None, None, "", None, self.clock())
            sent[message.key] = replace(intended, refused=str(refused))
        return None

    async def _edit(self, message: Message, channel: str, ts: str) -> datetime | None:
        """The newest state wins: edits that come too fast are left out, the last one never."""
        now = self.clock()
        for key in [key for key, at in self.edited.items() if at + GAP <= now]:
            del self.edited[key]
        if message.key in self.edited:
            return self.edited[message.key] + GAP
        self.edited[message.key] = now
        await self.slack.update(key=message.key, channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        await self.sent.posted(message.key, ts=ts, body=_body(message))
        return None

    async def _post(self, stream: str, message: Message, sent: Mapping[str, Sent]) -> Sent:
        """Post once: the intent is stored first, and where it stood already the message is looked for."""
        body, thread = _body(message), _ts(sent, message.thread)
        found = None
        if (intended := sent.get(message.key)) is not None:
            found = await self.slack.find(
                key=message.key, channel=message.channel, thread=thread, since=intended.intended_at
            )
        else:
            await self.sent.intend(message.key, stream=stream, channel=message.channel, body=body, thread_ts=thread)
        ts = found or await self._new(message, thread)
        stored = "" if found else body  # what a message says that was found is not known: it is edited next
        await self.sent.posted(message.key, ts=ts, body=stored)
        return Sent(message.key, message.channel, ts, thread, stored, self.clock(), self.clock())

    async def _new(self, message: Message, thread: str | None) -> str:
        """A new message, its picture uploaded before. Slack reads a file for a moment: until then it tries again."""
        blocks = [*message.blocks, *([await self._image(message.picture)] if message.picture else [])]
        try:
            return await self.slack.post(
                key=message.key, channel=message.channel, text=message.text, blocks=blocks, thread=thread
            )
        except SlackRefused as refused:
            if message.picture and str(refused) == "invalid_blocks":
                raise Unreachable("Slack", "it has not read the picture yet") from refused
            raise

    async def _image(self, picture: Picture) -> dict[str, Any]:
        """The picture; where Slack does not take it, what it would have shown, in words."""
        if picture.name not in self.uploaded:
            content = await asyncio.to_thread(drawn, picture)
            try:
                uploaded = await self.slack.upload(name=picture.name, content=content, alt=picture.alt)
            except SlackRefused as refused:
                said = f"⚠️ The picture is missing: Slack did not take it (“{refused}”)."
                return context(f"{said} {words.safe(picture.alt, 1500)}")
            self.uploaded.clear()  # one at a time: it is for the next try alone
            self.uploaded[picture.name] = uploaded
        return {
            "type": "image",
            "slack_file": {"id": self.uploaded[picture.name]},
            "alt_text": picture.alt,
        }


def _body(message: Message) -> str:
    return digest_of([message.text, message.blocks])


def _ts(sent: Mapping[str, Sent], key: str) -> str | None:
    return sent[key].ts if key in sent else None
