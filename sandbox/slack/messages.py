"""What the local Slack does not do with messages: keep their metadata, hide private ones, cut a history to size."""

from typing import Any

from sandbox.slack.answers import Answer, Args, yes


class Messages:
    """The metadata of messages, and histories as they were asked for."""

    def __init__(self) -> None:
        self._metadata: dict[tuple[str, str], Any] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._metadata.clear()

    def remember(self, args: Args, answer: Answer) -> None:
        """Keep the metadata that came with a posted or updated message, and put it into the answer."""
        place = (answer["channel"], answer["ts"])
        if metadata := args.get("metadata"):
            self._metadata[place] = metadata
        if place in self._metadata:
            answer["message"]["metadata"] = self._metadata[place]

    def history(self, channel: str, args: Args, answer: Answer) -> Answer:
        """conversations.history (newest first) and .replies (oldest first), cut to what was asked for."""
        wanted = [message for message in answer["messages"] if self._wanted(message, args)]
        start = int(args.get("cursor") or 0)
        limit = min(int(args.get("limit") or 100), 999)
        more = len(wanted) > start + limit
        return {
            "ok": True,
            "messages": [self._told(channel, each, args) for each in wanted[start : start + limit]],
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + limit) if more else ""},
        }

    def _wanted(self, message: Answer, args: Args) -> bool:
        if message.get("subtype") == "ephemeral":
            return False
        if message["ts"] == args.get("ts"):  # the message that a thread hangs on is always there
            return True
        oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9" * 10)
        if yes(args.get("inclusive")) and message["ts"] in {oldest, latest}:
            return True
        return _number(oldest) < _number(message["ts"]) < _number(latest)

    def _told(self, channel: str, message: Answer, args: Args) -> Answer:
        metadata = self._metadata.get((channel, message["ts"]))
        shown = {name: value for name, value in message.items() if name != "channel"}
        if metadata and yes(args.get("include_all_metadata")):
            shown["metadata"] = metadata
        return shown


def _number(ts: str) -> tuple[int, int]:
    seconds, _, rest = ts.partition(".")
    return int(seconds), int(rest.ljust(6, "0") or 0)
