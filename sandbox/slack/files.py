"""Files, uploaded in three calls as to Slack itself.

Those that are shared with a conversation are handed on to the local Slack, whose page shows them; of others, which
blocks may name, it knows nothing: the proxy keeps and shows them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.slack.answers import Answer, Args, Ask, Declined, Handler, accepted, done, needed

UPLOAD, SHOW = "/files-upload", "/files-pri"


@dataclass(frozen=True)
class File:
    """A file on its way: with its bytes once they came, `whole` once the upload was completed."""

    name: str
    title: str = ""
    content: bytes = b""
    whole: bool = False


@dataclass
class Files:
    """What was uploaded, by id.

    `url` is the proxy's own address; `ask` and `send` call the local Slack, and give an address of it a file's bytes.
    """

    url: Callable[[], str]
    ask: Ask
    send: Callable[[str, bytes], Awaitable[None]]
    known: dict[str, File] = field(default_factory=dict)

    @property
    def methods(self) -> dict[str, Handler]:
        """What the Web API has of them."""
        return {"files.getUploadURLExternal": self._begin, "files.completeUploadExternal": self._complete}

    def receive(self, identity: str, content: bytes) -> bool:
        """The bytes came; False where nobody announced them."""
        if identity not in self.known:
            return False
        self.known[identity] = replace(self.known[identity], content=content)
        return True

    def drawn(self, args: Args) -> Args:
        """The message, or view, with each image block of a file as one of an address, which the local Slack shows."""
        if view := args.get("view"):
            return {**args, "view": self.drawn(view)}
        blocks = args.get("blocks")
        return {**args, "blocks": [self._addressed(block) for block in blocks]} if blocks else args

    def _addressed(self, block: dict[str, Any]) -> dict[str, Any]:
        if "slack_file" not in block:
            return block
        identity = block["slack_file"].get("id", "")
        if identity not in self.known or not self.known[identity].whole:
            raise Declined("invalid_blocks")
        kept = {name: value for name, value in block.items() if name != "slack_file"}
        return {**kept, "image_url": f"{self.url()}{SHOW}/{identity}"}

    async def _begin(self, args: Args) -> Answer:
        identity = f"F{len(self.known) + 1:08d}"
        self.known[identity] = File(needed(args, "filename"))
        return done(upload_url=f"{self.url()}{UPLOAD}/{identity}", file_id=identity)

    async def _complete(self, args: Args) -> Answer:
        files: list[dict[str, Any]] = args.get("files") or []
        for each in files:
            found = self.known.get(each["id"])
            if found is None or not found.content:
                raise Declined("file_not_found")
            self.known[each["id"]] = replace(found, title=each.get("title", ""), whole=True)
        if args.get("channel_id"):
            return await self._share(args, files)
        return done(files=[{"id": each["id"], "title": each.get("title", "")} for each in files])

    async def _share(self, args: Args, files: list[dict[str, Any]]) -> Answer:
        """The local Slack gets them, and posts them in the conversation."""
        theirs = [await self._handed_on(self.known[each["id"]]) for each in files]
        return accepted(await self.ask("files.completeUploadExternal", {**args, "files": theirs}))

    async def _handed_on(self, file: File) -> dict[str, Any]:
        begun = accepted(
            await self.ask("files.getUploadURLExternal", {"filename": file.name, "length": len(file.content)})
        )
        await self.send(begun["upload_url"], file.content)
        return {"id": begun["file_id"], "title": file.title or file.name}
