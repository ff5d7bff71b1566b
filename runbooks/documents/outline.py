"""A Markdown document as an outline: its headings, the items to tick under each, and the text between.

An item is a list item of any kind whose first paragraph begins with a checkbox and goes on with words. What stands in
code, in HTML or in a table is text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import dedent

from markdown_it import MarkdownIt
from markdown_it.token import Token

from runbooks.documents.blocks import Fence
from runbooks.documents.errors import Report

_BOX = re.compile(r"\[[ \t\u00a0]*[xX]?[ \t\u00a0]*\]\s+(?=\S)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NESTING = 60
_TITLE = 150  # characters; what is longer is cut in the title, and stands whole in the detail
_HIDDEN_STEP = re.compile(r"^\s*(```|~~~)\s*step\s*$", re.MULTILINE)


@dataclass
class DraftItem:
    """An item as it is found."""

    title: str
    line: int
    detail: list[str] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)


@dataclass
class DraftPhase:
    """A heading as it is found; `title` is None for what stands before the first one."""

    title: str | None
    line: int
    level: int = 0
    under: tuple[str, ...] = ()
    items: list[DraftItem] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


def outline(lines: Sequence[str], report: Report) -> list[DraftPhase]:
    """The phases of a document, the first of them without a heading; faults go to the report."""
    return _Walk(lines, report).walk()


class _Walk:
    """One pass over the document's blocks."""

    def __init__(self, lines: Sequence[str], report: Report) -> None:
        self.lines = lines
        self.report = report
        self.markdown = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable("table")
        self.links: dict[str, object] = {}  # the document's link definitions
        self.phases = [DraftPhase(None, 1)]
        self.headings: list[tuple[int, str]] = []
        self.open: list[DraftItem | None] = []  # the list items we are in; None for one without a checkbox

    def walk(self) -> list[DraftPhase]:
        tokens = self.markdown.parse("\n".join([*self.lines, ""]), self.links)
        skip_to = 0
        for index, token in enumerate(tokens):
            if token.level >= _NESTING - 2:
                self.report.add(_line(token), "this is nested too deep to be read", "make the list flatter")
                return self.phases
            if index >= skip_to:
                skip_to = self._take(tokens, index)
        return self.phases

    def _take(self, tokens: list[Token], index: int) -> int:
        """Read the block that begins here; the index to go on from."""
        token = tokens[index]
        match token.type:
            case "heading_open" if token.level == 0:
                self._heading(token, tokens[index + 1])
                return index + 3
            case "list_item_open":
                return self._item(tokens, index)
            case "list_item_close":
                self.open.pop()
            case "fence":
                self._fence(token)
            case "code_block":
                self._code(token)
            case "html_block" if token.content.lstrip().startswith("<!--"):
                pass  # a note to the document's writers
            case "html_block" | "inline":
                self._text(token)
            case "table_open":
                self._text(token)
                closes = (i for i in range(index, len(tokens)) if tokens[i].type == "table_close")
                return next(closes) + 1
        return index + 1

    def _heading(self, token: Token, inline: Token) -> None:
        level, title = int(token.tag[1:]), self._plain(inline.content) or "Untitled"
        self.headings = [*((depth, name) for depth, name in self.headings if depth < level), (level, title)]
        self.phases.append(DraftPhase(title, _line(token), level, tuple(name for _, name in self.headings)))

    def _item(self, tokens: list[Token], index: int) -> int:
        inline = tokens[index + 2] if tokens[index + 1].type == "paragraph_open" else None
        box = _BOX.match(inline.content) if inline else None
        if inline is None or box is None:
            self.open.append(None)
            return index + 1
        words = inline.content[box.end() :]
        title = self._plain(words) or " ".join(words.split())
        item = DraftItem(_cut(title), _line(inline))
        if item.title != title:
            item.detail.append(title)
        self.phases[-1].items.append(item)
        self.open.append(item)
        return index + 4

    def _fence(self, token: Token) -> None:
        assert token.map  # noqa: S101  # every block of the parser has its lines
        if token.content.count("\n") != token.map[1] - token.map[0] - 2:
            self.report.add(_line(token), "this fence is never closed", f"close it with a line {token.markup}")
        kind = (token.info.split() or [""])[0]
        if kind != "step":
            if kind.casefold().rstrip("s") == "step":
                self.report.add(_line(token), f"a fence says `{kind}`", "the word for a step block is `step`")
            self._text(token)
        elif owner := self._owner():
            owner.fences.append(Fence(token.content, _line(token)))
        else:
            right = "indent it under its item, as deep as the item's words"
            self.report.add(_line(token), "this step block belongs to no item", right)

    def _code(self, token: Token) -> None:
        if found := _HIDDEN_STEP.search(token.content):
            line = _line(token) + token.content.count("\n", 0, found.start())
            right = "indent it under its item, as deep as the item's words"
            self.report.add(line, "this step block is indented so deep that it is code", right)
        self._keep(f"```\n{token.content}```")

    def _text(self, token: Token) -> None:
        assert token.map  # noqa: S101  # every block of the parser has its lines
        self._keep(dedent("\n".join(self.lines[slice(*token.map)])).strip("\n"))

    def _keep(self, text: str) -> None:
        owner = self._owner()
        (owner.detail if owner else self.phases[-1].text).append(text)

    def _owner(self) -> DraftItem | None:
        return next((item for item in reversed(self.open) if item is not None), None)

    def _plain(self, words: str) -> str:
        """Inline Markdown as plain text in one line."""
        found = self.markdown.parseInline(words, self.links)[0].children or []
        return " ".join(_CONTROL.sub(" ", "".join(map(_words, found))).split())


def _words(token: Token) -> str:
    match token.type:
        case "text" | "code_inline" | "image" | "text_special":
            return token.content
        case "html_inline" if not token.content.casefold().startswith("<br"):
            return ""
        case "softbreak" | "hardbreak" | "html_inline":
            return " "
    return ""


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1


def _cut(title: str) -> str:
    return title if len(title) <= _TITLE else title[: _TITLE - 1].rsplit(" ", 1)[0] + "…"
