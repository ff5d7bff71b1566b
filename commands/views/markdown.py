"""Markdown as Slack's mrkdwn: a paragraph for each heading with what stands under it. All text is escaped.

It looks the same in every client: code is quoted line by line, a table's row is one line with its columns named.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from commands.views import words

_BOX = re.compile(r"^\[[ xX]?\]\s+")
_WEB = re.compile(r"^https?://[^\s|<>]+$")
_NESTING = 60  # what deeper nesting holds is not shown; a runbook's parser refuses it
_WHOLE = 1_000_000  # characters: nothing is cut here
TICK, STEP = "☐", "⚙️"
_EMPHASIS = {"strong_open": "*", "strong_close": "*", "em_open": "_", "em_close": "_"}


def mrkdwn(text: str, steps: Mapping[int, str]) -> list[str]:
    """The text's paragraphs. `steps` says by the line of its fence what each `step` block does."""
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable("table")
    writer = _Writer(steps)
    tokens = parser.parse(text)
    index = 0
    while index < len(tokens):
        index = writer.take(tokens, index)
    return ["\n".join(lines).strip("\n") for lines in writer.sections if any(lines)]


@dataclass
class _Writer:
    """One pass over a document's blocks."""

    steps: Mapping[int, str]
    sections: list[list[str]] = field(default_factory=lambda: [[]])
    lists: int = 0
    quotes: int = 0
    marker: str = ""  # of the list item whose words come next
    detailed: bool = False  # the last item had more than its words

    def take(self, tokens: Sequence[Token], index: int) -> int:
        """Write the block that begins here; the index to go on from."""
        token = tokens[index]
        match token.type:
            case "heading_open":
                title = _inline(tokens[index + 1], plain=True)
                self.sections.append([f"*{title}*"] if title else [])
                self.detailed = False
                return index + 3
            case "table_open":
                closing = next(n for n in range(index, len(tokens)) if tokens[n].type == "table_close")
                self._lines(_rows(tokens[index:closing]))
                return closing + 1
            case "inline":
                self._words(_inline(token))
            case "fence" if token.info.split()[:1] == ["step"]:
                self._step(token)
            case "fence" | "code_block":
                self._lines([_code(line) for line in token.content.rstrip("\n").split("\n")], quoted=True)
            case "html_block" if not token.content.lstrip().startswith("<!--"):
                self._lines(words.safe(token.content.strip(), _WHOLE).split("\n"))
            case _:
                self._around(token)
        return index + 1

    def _around(self, token: Token) -> None:
        """Lists and quotes, as they open and close."""
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                if not self.lists and not self.quotes:
                    self._blank()
                self.lists += 1
            case "bullet_list_close" | "ordered_list_close":
                self.lists -= 1
                self.detailed = True
            case "list_item_open":
                if self.lists == 1 and self.detailed:
                    self._blank()
                self.marker, self.detailed = f"{token.info}. " if token.info else "• ", False
            case "blockquote_open":
                self._blank()
                self.quotes += 1
            case "blockquote_close":
                self.quotes -= 1

    def _words(self, text: str) -> None:
        if not self.marker:
            self._lines(text.split("\n"))
            return
        first, *rest = _ticked(self.marker, text).split("\n")
        self.marker = ""
        self._put(words.INDENT * (self.lists - 1) + first)
        for line in rest:
            self._put(words.INDENT * self.lists + line)

    def _lines(self, lines: Sequence[str], *, quoted: bool = False) -> None:
        """A block of its own: below its item, or after an empty line."""
        if self.lists:
            self.detailed = True
        elif not self.quotes:
            self._blank()
        for line in lines:
            self._put(("> " if quoted and not self.quotes else words.INDENT * self.lists) + line)
        self.marker = ""

    def _step(self, token: Token) -> None:
        said = self.steps.get(token.map[0] + 1, "") if token.map else ""
        if said:
            self._lines([f"{STEP} _{words.line(said, _WHOLE)}_"])

    def _put(self, line: str) -> None:
        self.sections[-1].append("> " + line if self.quotes else line)

    def _blank(self) -> None:
        """An empty line, but not below a heading."""
        lines = self.sections[-1]
        if lines and lines[-1] and (len(lines) > 1 or len(self.sections) == 1):
            lines.append("")


def _ticked(marker: str, text: str) -> str:
    """The words of a list's item; of one to tick with a box, and in bold."""
    box = _BOX.match(text)
    if box is None:
        return marker + text
    title = text[box.end() :]
    number = "" if marker == "• " else marker
    return f"{number}{TICK} " + (title if "*" in title or "\n" in title else f"*{title}*")


def _code(line: str) -> str:
    bare = line.lstrip()
    return words.INDENT * ((len(line) - len(bare)) // 2) + (_typed(bare) if bare else "")


def _typed(text: str) -> str:
    """Code as it would be typed. A backtick would end it, and an address is not drawn well everywhere."""
    shown = words.line(text, _WHOLE)
    return shown if "`" in text or "://" in text else f"`{shown}`"


def _rows(tokens: Sequence[Token]) -> list[str]:
    """A line for each row: the first cell in bold, the others after their columns' names."""
    rows: list[list[str]] = []
    for token, after in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(_inline(after))
    head, *body = rows
    return [_row(head, cells) for cells in body] or [" · ".join(head)]


def _row(head: Sequence[str], cells: Sequence[str]) -> str:
    first, *rest = cells
    named = (f"{name}: {cell}" if name else cell for name, cell in zip(head[1:], rest, strict=False) if cell)
    return " · ".join([f"• {first}" if "*" in first or not first else f"• *{first}*", *named])


def _inline(token: Token, *, plain: bool = False) -> str:
    return "".join(_pieces(token.children or (), plain=plain)).strip()


def _pieces(children: Sequence[Token], *, plain: bool) -> Iterator[str]:
    link = ""
    for child in children:
        match child.type:
            case "text" | "text_special" | "image":
                yield words.safe(child.content, _WHOLE)
            case "html_inline":
                yield _html(child.content)
            case "code_inline":
                yield _typed(child.content)
            case "softbreak":
                yield " "
            case "hardbreak":
                yield "\n"
            case "link_open":
                link = _address(child)
                yield f"<{link}|" if link else ""
            case "link_close":
                yield ">" if link else ""
            case kind if not plain:
                yield _EMPHASIS.get(kind, "")


def _html(tag: str) -> str:
    """As it stands, since `<code>` in a command is no markup; but a comment is a note to the document's writers."""
    if tag.startswith("<!--"):
        return ""
    return "\n" if tag.casefold().startswith("<br") else words.safe(tag, _WHOLE)


def _address(link: Token) -> str:
    """An address of the web; any other is not linked."""
    found = str(link.attrs.get("href", ""))
    return found.replace("&", "&amp;") if _WEB.match(found) else ""
