"""The streams that one commit reads and moves: apply commands, follow the reactions, take the changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from runbooks.audit.chain import link
from runbooks.catalogue import Catalogue
from runbooks.digests import canonical
from runbooks.folds import rooms
from runbooks.reactions import looks_at, react, shown_by
from runbooks.store import Append, Changes, Inbox, Recorded, Store, Stored, Work


class Draft:
    """One unit of change. Nothing is stored before `changes` is committed."""

    def __init__(
        self,
        *,
        store: Store,
        catalogue: Catalogue,
        now: datetime,
        number: int = 0,
        at_hand: Mapping[str, Stored] | None = None,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._now = now
        self._read: dict[str, Stored] = {}
        self._at_hand = dict(at_hand or {})  # read before, or with what was asked for; nothing is decided from it yet
        self._states: dict[str, Any] = {}
        self._events: dict[str, list[Recorded]] = {}
        self._revoked: list[Work] = []
        self.number = number  # for the names of what is new; 0: none was drawn yet
        self.holders: Mapping[str, str] = {}

    async def open(
        self, streams: Sequence[str], *, targets: Sequence[str] = (), inbox: str | None = None, numbered: bool = False
    ) -> Mapping[str, Any] | None:
        """Read these streams, and who holds these targets; `numbered`: have a number.

        Answers the first reply to the inbox key, if any. What was read before is not read again.
        """
        unread = dict.fromkeys(name for name in streams if name not in self._read)
        lacking = [name for name in unread if name not in self._at_hand]
        draws, reply = numbered and not self.number, None
        if lacking or targets or inbox or draws:
            snapshot = await self._store.read(lacking, targets=targets, inbox=inbox, number=draws)
            self.holders = {**self.holders, **snapshot.holders}
            self.number = snapshot.number or self.number
            self._at_hand = {**snapshot.streams, **self._at_hand}
            reply = snapshot.reply
        for name in unread:
            self._take(name, self._at_hand[name])
        return reply

    def begin(self, streams: Sequence[str]) -> None:
        """These are new: their names carry the number that was drawn, so there is nothing to read."""
        for name in streams:
            self._take(name, Stored(rooms()[name.partition("/")[0]].fold.start(name)))

    def _take(self, name: str, stored: Stored) -> None:
        self._read[name], self._states[name] = stored, stored.state

    def state(self, stream: str) -> Any:
        """The stream's state with all that was applied so far. KeyError where it was not opened."""
        return self._states[stream]

    @property
    def states(self) -> list[Any]:
        """All that is opened so far."""
        return list(self._states.values())

    @property
    def standing(self) -> Mapping[str, Stored]:
        """All that is opened, as it stands once the changes are committed."""
        heads = {name: events[-1] for name, events in self._events.items()}
        moved = {name: Stored(self._states[name], head.version, head.hash) for name, head in heads.items()}
        return {**self._read, **moved}

    async def apply(self, stream: str, command: Any) -> bool:
        """Decide, evolve, and do what follows from it, until quiet. Whether anything happened. Raises Refused."""
        await self._ensure(stream)
        happened = False
        asked = [(stream, command)]
        while asked:
            name, what = asked.pop(0)
            await self._ensure(name)
            room = rooms()[name.partition("/")[0]]
            for event in room.decide(self._states[name], what, self._now):
                self._states[name] = room.fold.evolve(self._states[name], event)
                self._append(name, event)
                asked += react(self._catalogue, event, self._states[name], self.state)
                happened = True
        return happened

    async def _ensure(self, stream: str) -> None:
        """Have the stream read, and all that reactions look at from there."""
        found, names = {stream}, {stream}
        while names:
            await self.open(sorted(names))
            names = {seen for name in names for seen in looks_at(self._states[name])} - found
            found |= names

    def _append(self, stream: str, event: Any) -> None:
        fold = rooms()[stream.partition("/")[0]].fold
        read = self._read[stream]
        earlier = self._events.setdefault(stream, [])
        data = canonical(json.loads(fold.event_type.dump_json(event)))
        earlier.append(
            link(
                stream=stream,
                version=read.version + len(earlier) + 1,
                data=data,
                actor=event.by,
                at=event.at,
                previous=earlier[-1].hash if earlier else read.head,
            )
        )

    def revoke(self, work: Work) -> None:
        """Void whatever lease stands on this work, in the same commit."""
        self._revoked.append(work)

    def changes(self, inbox: Inbox | None = None) -> Changes:
        """All of it, as one commit."""
        appends = tuple(self._appended(name) for name in sorted(self._events))
        reads = {n: s.version for n, s in self._read.items() if n not in self._events}
        shown = dict.fromkeys(name for a in appends for name in (a.stream, *shown_by(a.state)))
        wake = tuple(Work("record" if name.startswith("release/") else "messages", name) for name in shown)
        return Changes(inbox, appends, reads if appends else {}, wake, tuple(self._revoked))

    def _appended(self, stream: str) -> Append:
        fold = rooms()[stream.partition("/")[0]].fold
        state = self._states[stream]
        return Append(stream, tuple(self._events[stream]), state, fold.held(state), fold.due(state))

    def blank(self) -> "Draft":
        """The same reads, with nothing applied: what a refusal commits."""
        other = Draft(store=self._store, catalogue=self._catalogue, now=self._now)
        other._read, other._states = self._read, {n: s.state for n, s in self._read.items()}
        return other


def stored_reply(reply: Any) -> Mapping[str, Any]:
    """A reply dataclass as the inbox keeps it."""
    return dict(json.loads(canonical(vars(replace(reply)))))
