"""What the local Slack does not remember of channels: topic, purpose, new name, archived, who was invited."""

import re
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.answers import Answer, Args, Ask, Declined, Handler, accepted, done, names, needed, yes
from sandbox.slack.workspace import Workspace

_NAME = re.compile(r"[a-z0-9_-]{1,80}")


@dataclass
class _Known:
    changes: dict[str, Any] = field(default_factory=dict)
    invited: list[str] = field(default_factory=list)


class Channels:
    """The missing conversations.* methods, and the truth in the answers of those that exist."""

    def __init__(self, workspace: Workspace, ask: Ask) -> None:
        self._workspace = workspace
        self._ask = ask
        self._known: dict[str, _Known] = {}
        self.methods: dict[str, Handler] = {
            "conversations.setTopic": self._set_topic,
            "conversations.setPurpose": self._set_purpose,
            "conversations.rename": self._rename,
            "conversations.invite": self._invite,
            "conversations.join": self._join,
            "conversations.leave": self._leave,
            "conversations.archive": self._archive,
            "conversations.unarchive": self._unarchive,
        }

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()

    async def find(self, reference: str) -> Answer:
        """The channel that an id or a #name means, as it is now."""
        answer = accepted(await self._ask("conversations.info", {"channel": reference}))
        return self._as_it_is(answer["channel"])

    def made(self, channel: Answer) -> Answer:
        """A channel that the bot has just made, as Slack describes it."""
        known = {"creator": self._workspace.bot_user_id, "created": int(time.time()), "is_archived": False}
        self._of(channel["id"]).changes.update(known)
        return self._as_it_is(channel)

    async def check_open(self, reference: str) -> None:
        """Decline when nothing may be written to the channel any more."""
        if any(known.changes.get("is_archived") for known in self._known.values()):
            channel = await self.find(reference)
            if channel["is_archived"]:
                raise Declined("is_archived")

    async def check_name(self, name: str) -> None:
        """Decline a channel's name that is taken or can't be one."""
        if not _NAME.fullmatch(name):
            raise Declined("invalid_name_specials")
        listed = accepted(await self._ask("conversations.list", {}))["channels"]
        if name in {self._as_it_is(channel)["name"] for channel in listed}:
            raise Declined("name_taken")

    def listed(self, channels: list[Answer], args: Args) -> list[Answer]:
        """The channels that conversations.list was asked for."""
        types = names(args.get("types")) or ["public_channel"]
        return [
            channel
            for channel in map(self._as_it_is, channels)
            if _type(channel) in types and not (yes(args.get("exclude_archived")) and channel["is_archived"])
        ]

    def members(self, channel: str, members: list[str]) -> list[str]:
        """The channel's members with those invited since."""
        return list(dict.fromkeys([*members, *self._of(channel).invited]))

    def _of(self, channel: str) -> _Known:
        return self._known.setdefault(channel, _Known())

    def _as_it_is(self, channel: Answer) -> Answer:
        known = self._known.get(channel["id"], _Known())
        return {**channel, **known.changes, "num_members": channel["num_members"] + len(known.invited)}

    async def _change(self, args: Args, **changes: Any) -> Answer:
        channel = await self.find(needed(args, "channel"))
        if channel["is_archived"]:
            raise Declined("is_archived")
        self._of(channel["id"]).changes.update(changes)
        return done(channel={**channel, **changes})

    async def _set_topic(self, args: Args) -> Answer:
        return await self._change(args, topic={"value": args.get("topic", ""), "creator": "", "last_set": 0})

    async def _set_purpose(self, args: Args) -> Answer:
        return await self._change(args, purpose={"value": args.get("purpose", ""), "creator": "", "last_set": 0})

    async def _rename(self, args: Args) -> Answer:
        name = needed(args, "name")
        await self.check_name(name)
        return await self._change(args, name=name)

    async def _invite(self, args: Args) -> Answer:
        people = names(needed(args, "users"))
        channel = await self.find(needed(args, "channel"))
        here = self.members(
            channel["id"], accepted(await self._ask("conversations.members", {"channel": channel["id"]}))["members"]
        )
        unknown = set(people) - set(self._workspace.users.values())
        if unknown and not (yes(args.get("force")) and set(people) - unknown):
            raise Declined("user_not_found")
        people = [person for person in people if person not in unknown]
        if set(people) <= set(here):
            raise Declined("already_in_channel")
        self._of(channel["id"]).invited.extend(person for person in people if person not in here)
        return await self._change(args)

    async def _join(self, args: Args) -> Answer:
        return await self._change(args, is_member=True)

    async def _leave(self, args: Args) -> Answer:
        await self._change(args, is_member=False)
        return done()

    async def _archive(self, args: Args) -> Answer:
        channel = await self.find(needed(args, "channel"))
        if channel["is_archived"]:
            raise Declined("already_archived")
        await self._change(args, is_archived=True)
        return done()

    async def _unarchive(self, args: Args) -> Answer:
        channel = await self.find(needed(args, "channel"))
        if not channel["is_archived"]:
            raise Declined("not_archived")
        self._of(channel["id"]).changes["is_archived"] = False
        return done()


def _type(channel: Answer) -> str:
    if channel["is_im"]:
        return "im"
    return "private_channel" if channel["is_private"] else "public_channel"
