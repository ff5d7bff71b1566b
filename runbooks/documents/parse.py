"""Markdown in, Runbook out; or a DocumentError with every fault there is. Pure: text and path in, value out."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePath

from runbooks.documents import checks
from runbooks.documents.blocks import Block, Known, block_of
from runbooks.documents.errors import Report
from runbooks.documents.front import Front, front_of
from runbooks.documents.outline import DraftItem, DraftPhase, outline
from runbooks.documents.runbook import Item, Phase, Runbook

_MOST = 256 * 1024  # bytes
_SLUG = 48  # characters


def parse(text: str | bytes, *, path: str, known: Known) -> Runbook:
    """The runbook that a document is; `path` names it in faults, `known` are the steps there are.

    Raises DocumentError, and nothing else whatever the text is.
    """
    report = Report(path)
    source = _decoded(text, report)
    lines = re.split(r"\r\n|\r|\n", source)
    front = front_of(lines, report)
    body = [*([""] * front.lines), *lines[front.lines :]]
    phases = outline(body, report)
    title = _title(front, phases, path)
    items = _Items(known, frozenset(front.matter.parameters), report)
    runbook = Runbook(
        id=front.matter.id or slug(PurePath(path).stem) or "runbook",
        title=title,
        phases=tuple(items.phases(_joined(phases, title), title)),
        path=path,
        digest=hashlib.sha256(source.encode()).hexdigest(),
        command=front.matter.command,
        parameters=front.matter.declared,
        severity=front.matter.severity,
        reserves=front.matter.reserves,
        approvals=front.matter.approvals,
        modes=tuple(front.matter.modes.items()),
        severities=tuple(front.matter.severities.items()),
        purpose=" ".join(front.matter.purpose.split()),
        when_to_read=" ".join(front.matter.when_to_read.split()),
        text="\n".join(body),
    )
    _check_whole(runbook, front, report)
    report.close()
    return runbook


def slug(title: str) -> str:
    """A title as an id: its Latin letters and digits, joined by hyphens; "" where most of it is in other letters."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    if 2 * len(re.findall(r"[a-z0-9]", plain)) < sum(map(str.isalnum, title)):
        return ""
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG].rstrip("-")


def _decoded(text: str | bytes, report: Report) -> str:
    try:
        data = text.encode() if isinstance(text, str) else text
        if len(data) > _MOST:
            wrong = f"the document has {len(data) // 1024} KiB, more than the {_MOST // 1024} that are read"
            raise report.failed(1, wrong, "split it")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = cause.object[: cause.start].count(b"\n") + 1
        raise report.failed(line, "this is not UTF-8", "save the document as UTF-8") from cause
    except UnicodeEncodeError as cause:
        line = str(cause.object)[: cause.start].count("\n") + 1
        raise report.failed(line, "a character here can't be stored", "save the document as UTF-8") from cause


def _title(front: Front, phases: list[DraftPhase], path: str) -> str:
    """What the front matter says, else the heading of the whole document, else the file's name."""
    return front.matter.title or _heading(phases) or PurePath(path).stem or "Runbook"


def _heading(phases: list[DraftPhase]) -> str | None:
    """The first heading, unless others stand beside it below the first level."""
    _, *headings = phases
    if headings and (headings[0].level == 1 or all(each.level > headings[0].level for each in headings[1:])):
        return headings[0].title
    return None


def _joined(phases: list[DraftPhase], title: str) -> list[DraftPhase]:
    """What stands before the document's own heading belongs under it."""
    before, *rest = phases
    if not rest or rest[0].title != title:
        return phases
    rest[0].text = before.text + rest[0].text
    rest[0].items = before.items + rest[0].items
    return rest


def _check_whole(runbook: Runbook, front: Front, report: Report) -> None:
    if not runbook.items:
        report.add(1, "there is nothing to do in this document", "write each thing to do as a line `- [ ] words`")
    for name, heading in runbook.modes:
        if not runbook.mode(name).items:
            line = front.marked.line(("modes", name))
            report.add(line, f"there is no heading `{heading}` with items", "name a heading, in its own words")
    modes = dict(runbook.modes)
    for name, _ in runbook.severities:
        if name not in modes:
            line = front.marked.line(("severities", name))
            report.add(line, f"there is no mode `{name}`", checks.nearest(name, modes, what="its modes"))


class _Items:
    """Makes phases and items of what was found, each with an id of its own."""

    def __init__(self, known: Known, parameters: frozenset[str], report: Report) -> None:
        self.known = known
        self.parameters = parameters
        self.report = report

    def phases(self, drafts: list[DraftPhase], title: str) -> Iterator[Phase]:
        """Every heading that has items or text, in order."""
        blocks = {id(item): self._block(item) for draft in drafts for item in draft.items}
        ids = self._ids([(item, blocks[id(item)]) for draft in drafts for item in draft.items])
        seen: dict[str, int] = {}
        for draft in drafts:
            items = tuple(_item(item, next(ids), blocks[id(item)]) for item in draft.items)
            if items or draft.text:
                name = _unique(draft.title or title, seen, " ({})")
                under = draft.under or (name,)
                yield Phase(name, items, "\n\n".join(draft.text), draft.line, under)

    def _block(self, item: DraftItem) -> Block | None:
        for extra in item.fences[1:]:
            wrong = f"a second step block stands under one item, the first in line {item.fences[0].line}"
            self.report.add(extra.line, wrong, "give it an item of its own")
        if not item.fences:
            return None
        return block_of(item.fences[0], known=self.known, parameters=self.parameters, report=self.report)

    def _ids(self, items: list[tuple[DraftItem, Block | None]]) -> Iterator[str]:
        """Ids in order: those that blocks give stand as they are, the others keep out of their way."""
        given: dict[str, int] = {}
        for item, block in items:
            if block and block.id and given.setdefault(block.id, item.line) != item.line:
                wrong = f"the id `{block.id}` is that of the item in line {given[block.id]} too"
                self.report.add(block.step.line, wrong, "give one of them another id")
        seen = dict.fromkeys(given, 1)
        for number, (item, block) in enumerate(items, 1):
            yield block.id if block and block.id else _unique(slug(item.title) or f"item-{number}", seen, "-{}")


def _item(draft: DraftItem, item_id: str, block: Block | None) -> Item:
    return Item(item_id, draft.title, draft.line, block.step if block else None, "\n\n".join(draft.detail))


def _unique(name: str, seen: dict[str, int], form: str) -> str:
    """The name, or the first numbered form of it that was not seen yet; `seen` holds the last number of each."""
    number = seen.get(name, 0) + 1
    while (found := name if number == 1 else name + form.format(number)) in seen:
        number += 1
    seen[name] = number
    seen.setdefault(found, 1)
    return found
