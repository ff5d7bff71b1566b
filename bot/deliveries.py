"""Make Slack equal to what the state calls for: missing messages are posted, cards that moved on are edited.

Rendered from the state as it is now, so an edit that failed heals with the next one.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.adapters.plots import drawn
from bot.adapters.postgres.messages import Message as Sent
from bot.adapters.postgres.messages import MessageLog
from bot.adapters.slack.client import Poster, SlackRefused, Unanswered
from bot.adapters.slack.gate import SlackBusy, asking
from bot.incident_rooms import IncidentRooms, lost
from commands.views import words
from commands.views.blocks import Block, context
from commands.views.incident_room import card_of, room
from commands.views.messages import Message, messages, streams_seen
from commands.views.plots import Picture
from runbooks.catalogue import Catalogue
from runbooks.digests import digest_of
from runbooks.engine.incidents import keep
from runbooks.incidents.incident import Incident
from runbooks.store import Lease, Store
from runbooks.vocabulary import Unreachable

AGAIN = timedelta(seconds=3)
ANEW = timedelta(minutes=1)  # between two posts of one message, should Slack take no edit of it at all
PICTURE_TRIES = 10  # before it is told in words
AT_ONCE = 8  # channels and people; Slack slows down who sends many more
GONE = frozenset({"message_not_found", "cant_update_message"})
"""What Slack answers where a message can't be edited any more: somebody deleted it, or it is another app's now."""
LATE = timedelta(seconds=20)  # an edit that nobody answered, or whose process is gone, has come by then or never will
DOUBTED = "doubted until "
"""Kept in place of what a message says, with the time: all replicas know of a doubt, and which is the newest."""
GAP = timedelta(seconds=1.2)  # between edits of one card, which all share one budget: nobody reads faster
log = logging.getLogger(__name__)


class NotReadYet(Exception):
    """Slack has the picture, and does not show it yet."""


@dataclass
class Uploaded:
    """A file that no message shows yet, and how often Slack would not show it."""

    file: str
    refused: int = 0


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
    uploaded: dict[str, Uploaded] = field(default_factory=dict)  # by the picture's name

    async def deliver(self, lease: Lease) -> datetime | None:
        """Post and edit what is wanted; answers when to try again, None where Slack is equal."""
        stream = lease.work.key
        state = (await self.store.read([stream])).streams[stream].state
        seen = (await self.store.read(streams_seen(state))).streams
        sent = dict(await self.sent.of(stream))
        try:
            wanted = messages(self.catalogue, state, lambda name: seen[name].state)
            if lease.lapsed:
                await self._doubt([each.key for each in wanted if each.kept and _ts(sent, each.key)], sent)
            later = await self._side_by_side(lease, wanted, sent)
            if isinstance(state, Incident):
                await self._room(lease, state, sent)
        except SlackBusy as busy:
            return self._turn(busy)
        except Unreachable as cause:
            log.warning("messages of %s wait: %s", stream, cause)
            return self.clock() + AGAIN
        return min((due for due in later if due), default=None)

    async def _side_by_side(
        self, lease: Lease, wanted: Sequence[Message], sent: dict[str, Sent]
    ) -> list[datetime | None]:
        """What goes to one place in its order, several places at a time: of a deploy many may be told.

        All have ended when it does. Raises the first fault.
        """
        places: dict[str, list[Message]] = {}
        for message in wanted:
            places.setdefault(message.channel, []).append(message)
        left = iter(places.values())

        async def deliver() -> list[datetime | None]:
            return [await self._deliver(lease, message, wanted, sent) for place in left for message in place]

        later: list[datetime | None] = []
        for done in await asyncio.gather(*(deliver() for _ in range(AT_ONCE)), return_exceptions=True):
            if isinstance(done, BaseException):
                raise done
            later += done
        return later

    async def _room(self, lease: Lease, incident: Incident, sent: Mapping[str, Sent]) -> None:
        """Ask Slack for the next thing that the incident needs; what came of it wakes these messages again."""
        card = _ts(sent, card_of(incident)) or ""
        wanted, did = room(self.catalogue, incident, card), lost(incident, sent)
        if did is None and wanted is not None:
            did = await self.rooms.ask(wanted, lease.work.key, sent)
        if did is not None:
            await keep(self.store, self.catalogue, lease=lease, did=did, now=self.clock())

    async def _deliver(
        self, lease: Lease, message: Message, wanted: Sequence[Message], sent: dict[str, Sent]
    ) -> datetime | None:
        """Post or edit one; answers when to come back where it is too soon. One that is refused stops no other."""
        before, body = sent.get(message.key), _body(message)
        if not message.channel:
            stands = before or sent.get(message.thread)
            if stands is None:
                return None
            message = replace(message, channel=stands.channel)
        try:
            with asking(message.key, message.urgency, lease.owed.total_seconds()):
                if (before is None or before.ts is None) and (not message.thread or _ts(sent, message.thread)):
                    before = sent[message.key] = await self._post(lease.work.key, message, sent)
                if before is not None and before.ts is not None and message.kept and before.body != body:
                    return await self._edit(message, before.ts, sent)
        except SlackBusy as busy:
            return self._turn(busy)
        except NotReadYet:
            return self.clock() + AGAIN
        except SlackRefused as refused:
            if before is not None and before.ts is not None and str(refused) in GONE:
                return await self._anew(message, before, wanted, sent)
            await self._refused(message, refused, sent)
        return None

    def _turn(self, busy: SlackBusy) -> datetime:
        return self.clock() + timedelta(seconds=busy.seconds)

    async def _refused(self, message: Message, refused: SlackRefused, sent: dict[str, Sent]) -> None:
        log.error("Slack refused %s in %s: %s", message.key, message.channel, refused)
        await self.sent.refused(message.key, why=str(refused))
        intended = sent.get(message.key) or Sent(message.key, message.channel, None, None, "", None, self.clock())
        sent[message.key] = replace(intended, refused=str(refused))

    async def _anew(
        self, message: Message, before: Sent, wanted: Sequence[Message], sent: dict[str, Sent]
    ) -> datetime | None:
        """Post what Slack lost; what its thread told follows into the new one, since nobody finds the old."""
        if before.posted_at is not None and before.posted_at + ANEW > self.clock():
            return before.posted_at + ANEW
        log.warning("%s is gone from %s: it is posted anew, with its thread", message.key, message.channel)
        lost = [each.key for each in wanted if message.key in (each.key, each.thread) and each.key in sent]
        await self.sent.lost(lost)
        for key in lost:
            sent[key] = replace(sent[key], ts=None)
        try:
            ts = await self._new(message, _ts(sent, message.thread))
        except SlackRefused as refused:
            await self._refused(message, refused, sent)
            return None
        await self.sent.posted(message.key, ts=ts, body=_body(message))
        sent[message.key] = replace(before, ts=ts, body=_body(message), posted_at=self.clock())
        return None

    async def _doubt(self, keys: Sequence[str], sent: dict[str, Sent]) -> None:
        """An edit of these by somebody else, or that nobody answered, may still come: what they say is not known."""
        for key in keys:
            sent[key] = replace(sent[key], body=f"{DOUBTED}{(self.clock() + LATE).isoformat()}")
            await self.sent.posted(key, ts=sent[key].ts or "", body=sent[key].body)

    async def _edit(self, message: Message, ts: str, sent: dict[str, Sent]) -> datetime | None:
        """The newest state wins: edits that come too fast are left out, the last one never.

        Where an earlier one may still come, it is made once more after that.
        """
        key, now = message.key, self.clock()
        for each in [each for each, at in self.edited.items() if not now - GAP < at <= now]:  # or time went back
            del self.edited[each]
        if key in self.edited:
            return self.edited[key] + GAP
        channel, text, blocks = sent[key].channel, message.text, message.blocks
        try:
            await self.slack.update(key=key, channel=channel, ts=ts, text=text, blocks=blocks)
        except Unanswered:
            await self._doubt([key], sent)
            raise
        self.edited[key] = now
        until = _doubted(sent[key].body)
        if until is not None and until > now:
            return until
        await self.sent.posted(key, ts=ts, body=_body(message))
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
            await self.slack.pay_ahead(message.channel)
            await self.sent.intend(message.key, stream=stream, channel=message.channel, body=body, thread_ts=thread)
        ts = found or await self._new(message, thread)
        stored = "" if found else body  # what a message says that was found is not known: it is edited next
        await self.sent.posted(message.key, ts=ts, body=stored)
        return Sent(message.key, message.channel, ts, thread, stored, self.clock(), self.clock())

    async def _new(self, message: Message, thread: str | None) -> str:
        """A new message, its picture uploaded before. Slack reads a file for a moment: until then NotReadYet."""
        picture = message.picture
        shown = [await self._shown(picture)] if picture else []
        blocks = [*message.blocks, *shown]
        try:
            ts = await self.slack.post(
                key=message.key, channel=message.channel, text=message.text, blocks=blocks, thread=thread
            )
        except SlackRefused as refused:
            if picture and shown[0]["type"] == "image" and str(refused) == "invalid_blocks":
                self.uploaded[picture.name].refused += 1
                raise NotReadYet from refused
            raise
        if picture:
            self.uploaded.pop(picture.name, None)
        return ts

    async def _shown(self, picture: Picture) -> Block:
        """The picture; where Slack does not take it, what it would have shown, in words."""
        try:
            uploaded = self.uploaded.get(picture.name) or await self._upload(picture)
        except SlackRefused as refused:
            return _in_words(picture, str(refused))
        if uploaded.refused >= PICTURE_TRIES:
            return _in_words(picture, "invalid_blocks")
        return {"type": "image", "slack_file": {"id": uploaded.file}, "alt_text": picture.alt}

    async def _upload(self, picture: Picture) -> Uploaded:
        content = await asyncio.to_thread(drawn, picture)
        file = await self.slack.upload(name=picture.name, content=content, alt=picture.alt)
        self.uploaded[picture.name] = Uploaded(file)
        return self.uploaded[picture.name]


def _doubted(body: str) -> datetime | None:
    """Until when an earlier edit may still come; None where none may."""
    return datetime.fromisoformat(body.removeprefix(DOUBTED)) if body.startswith(DOUBTED) else None


def _in_words(picture: Picture, why: str) -> Block:
    return context(f"⚠️ The picture is missing: Slack did not take it (“{why}”). {words.safe(picture.alt, 1500)}")


def _body(message: Message) -> str:
    return digest_of([message.text, message.blocks])


def _ts(sent: Mapping[str, Sent], key: str) -> str | None:
    return sent[key].ts if key in sent else None
