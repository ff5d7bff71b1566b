"""The Web API methods that the local Slack lacks, answered from memory, and its answers put right."""

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from sandbox.slack.answers import Answer, Args, Ask, Declined, Handler, accepted, done, needed, refused, yes
from sandbox.slack.channels import Channels
from sandbox.slack.files import Files
from sandbox.slack.messages import Messages
from sandbox.slack.rules import Offers
from sandbox.slack.sizes import too_large
from sandbox.slack.workspace import Group, Workspace

_POSTS = {"chat.postMessage", "chat.update", "chat.postEphemeral"}
_OPENS = {"views.open", "views.push"}
_VIEWS = _OPENS | {"views.update", "views.publish"}


class Memory:
    """Stands beside the local Slack: `supplied` methods are answered here, others by it, checked and put right."""

    def __init__(self, workspace: Workspace, ask: Ask, offers: Offers, files: Files) -> None:
        self._workspace = workspace
        self._ask = ask
        self._offers = offers
        self._files = files
        self._channels = Channels(workspace, ask)
        self._messages = Messages()
        self._pins: dict[str, list[str]] = {}
        self._bookmarks: dict[str, dict[str, Any]] = {}
        self._numbers = count(1)
        self._groups = {group.handle: group.members for group in workspace.groups}
        self.supplied: dict[str, Handler] = {
            **self._channels.methods,
            **files.methods,
            "pins.add": self._pin,
            "pins.remove": self._unpin,
            "pins.list": self._list_pins,
            "bookmarks.add": self._add_bookmark,
            "bookmarks.edit": self._edit_bookmark,
            "bookmarks.remove": self._remove_bookmark,
            "bookmarks.list": self._list_bookmarks,
            "usergroups.list": self._list_groups,
            "usergroups.users.list": self._list_group_members,
        }

    def clear(self) -> None:
        """Forget everything that was not there at the start."""
        self._channels.clear()
        self._messages.clear()
        self._pins.clear()
        self._bookmarks.clear()
        self._files.known.clear()
        self._groups = {group.handle: group.members for group in self._workspace.groups}

    def set_group(self, handle: str, members: Iterable[str]) -> None:
        """From now on the user group has these people (by name)."""
        self._groups[handle] = tuple(members)

    async def answer(self, method: str, args: Args) -> Answer:
        """What Slack would answer."""
        try:
            if method in self.supplied:
                return await self.supplied[method](args)
            await self._check(method, args)
            asked = self._files.drawn(_plain(args)) if method in _POSTS | _VIEWS else _plain(args)
            return await self._put_right(method, args, accepted(await self._ask(method, asked)))
        except Declined as declined:
            return refused(declined.code)

    async def _check(self, method: str, args: Args) -> None:
        if method in _POSTS | _VIEWS and (code := too_large(args)):
            raise Declined(code)
        if method in _POSTS and not (args.get("text") or args.get("blocks") or args.get("attachments")):
            raise Declined("no_text")
        if method in {"chat.update", "chat.delete"}:
            await self._check_lasting(args)
        if method in _POSTS:
            await self._channels.check_open(needed(args, "channel"))
        if method in _OPENS and (code := self._offers.use_trigger(str(args.get("trigger_id")))):
            raise Declined(code)
        if method == "conversations.create":
            await self._channels.check_name(needed(args, "name"))

    async def _check_lasting(self, args: Args) -> None:
        """Decline to change a private message: only its response URL can."""
        found = await self._ask("conversations.replies", {"channel": args.get("channel"), "ts": args.get("ts")})
        if any(message.get("subtype") == "ephemeral" for message in found["messages"]):
            raise Declined("message_not_found")

    async def _put_right(self, method: str, args: Args, answer: Answer) -> Answer:
        match method:
            case "chat.postMessage" | "chat.update":
                self._messages.remember(args, answer)
            case "conversations.history" | "conversations.replies":
                channel = await self._channels.find(needed(args, "channel"))
                return self._messages.history(channel["id"], args, answer)
            case "conversations.create":
                answer["channel"] = self._channels.made(answer["channel"])
            case "conversations.info":
                answer["channel"] = await self._channels.find(needed(args, "channel"))
            case "conversations.list":
                answer["channels"] = self._channels.listed(answer["channels"], args)
            case "conversations.members":
                channel = await self._channels.find(needed(args, "channel"))
                answer["members"] = self._channels.members(channel["id"], answer["members"])
        return answer

    async def _place(self, args: Args) -> tuple[str, str]:
        """The channel and time stamp of a message that is there."""
        channel = (await self._channels.find(needed(args, "channel")))["id"]
        ts = needed(args, "timestamp")
        accepted(await self._ask("chat.getPermalink", {"channel": channel, "message_ts": ts}))
        return channel, ts

    async def _pin(self, args: Args) -> Answer:
        channel, ts = await self._place(args)
        pinned = self._pins.setdefault(channel, [])
        if ts in pinned:
            raise Declined("already_pinned")
        pinned.append(ts)
        return done()

    async def _unpin(self, args: Args) -> Answer:
        channel, ts = await self._place(args)
        if ts not in self._pins.get(channel, []):
            raise Declined("no_pin")
        self._pins[channel].remove(ts)
        return done()

    async def _list_pins(self, args: Args) -> Answer:
        channel = (await self._channels.find(needed(args, "channel")))["id"]
        items = [{"type": "message", "channel": channel, "message": {"ts": ts}} for ts in self._pins.get(channel, [])]
        return done(items=items)

    async def _add_bookmark(self, args: Args) -> Answer:
        channel = (await self._channels.find(needed(args, "channel_id")))["id"]
        bookmark = {
            "id": f"Bk{next(self._numbers):08d}",
            "channel_id": channel,
            **{name: args.get(name) for name in ("title", "type", "link", "emoji") if args.get(name)},
        }
        self._bookmarks[bookmark["id"]] = bookmark
        return done(bookmark=bookmark)

    async def _edit_bookmark(self, args: Args) -> Answer:
        bookmark = self._bookmark(args)
        bookmark.update({name: args[name] for name in ("title", "link", "emoji") if args.get(name)})
        return done(bookmark=bookmark)

    async def _remove_bookmark(self, args: Args) -> Answer:
        del self._bookmarks[self._bookmark(args)["id"]]
        return done()

    async def _list_bookmarks(self, args: Args) -> Answer:
        channel = needed(args, "channel_id")
        return done(bookmarks=[each for each in self._bookmarks.values() if each["channel_id"] == channel])

    def _bookmark(self, args: Args) -> dict[str, Any]:
        bookmark: dict[str, Any] | None = self._bookmarks.get(needed(args, "bookmark_id"))
        if bookmark is None:
            raise Declined("not_found")
        return bookmark

    async def _list_groups(self, args: Args) -> Answer:
        with_people = yes(args.get("include_users"))
        return done(usergroups=[self._described(group, with_people=with_people) for group in self._workspace.groups])

    async def _list_group_members(self, args: Args) -> Answer:
        wanted = needed(args, "usergroup")
        for group in self._workspace.groups:
            if group.id == wanted:
                return done(users=self._people(group))
        raise Declined("no_such_subteam")

    def _described(self, group: Group, *, with_people: bool) -> Mapping[str, Any]:
        people = self._people(group)
        described = {
            "id": group.id,
            "team_id": self._workspace.team_id,
            "is_usergroup": True,
            "handle": group.handle,
            "name": group.name,
            "date_delete": 0,
            "user_count": len(people),
        }
        return {**described, "users": people} if with_people else described

    def _people(self, group: Group) -> list[str]:
        return [self._workspace.users[name] for name in self._groups[group.handle]]


def _plain(args: Args) -> Args:
    """The arguments as the local Slack understands them: "0" is no to us and yes to it."""
    return {**args, "is_private": yes(args["is_private"])} if "is_private" in args else args
