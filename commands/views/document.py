"""A runbook as a person reads it in Slack: as many parts as its length asks for, none of it left out."""

import textwrap
from collections.abc import Callable
from pathlib import PurePath

from commands.views import words
from commands.views.blocks import MOST_SECTION, Block, context, header, section
from commands.views.markdown import STEP, TICK, mrkdwn
from runbooks.documents.runbook import Runbook
from runbooks.documents.show import does, said_of_failure

_SECTIONS, _CHARACTERS = 40, 10_000  # of a part; title, small print and buttons come on top
_LINE = MOST_SECTION - 200
Buttons = Callable[[int, int], list[Block]]
"""The buttons below part NUMBER of so many."""


def document(runbook: Runbook, part: int, buttons: Buttons) -> list[Block]:
    """One part of the runbook, from 1; the nearest there is where there is no such part."""
    found = parts(sections(runbook))
    number = min(max(part, 1), len(found))
    start = [header(runbook.title), context(_about(runbook))]
    end = [context(_small_print(runbook, number, len(found))), *buttons(number, len(found))]
    return [*start, *map(section, found[number - 1]), *end]


def sections(runbook: Runbook, *, below: str = "") -> list[str]:
    """Its paragraphs in mrkdwn, without its title; `below` asks for the heading of that name and all after it."""
    steps = {item.step.line: does(item) + said_of_failure(item) for item in runbook.items if item.step}
    found = mrkdwn(runbook.text, steps)
    headings = [each.partition("\n")[0] for each in found]
    if below and f"*{below}*" in headings:
        return found[headings.index(f"*{below}*") :]
    if headings and headings[0] == f"*{words.safe(runbook.title)}*":
        found[0] = found[0].partition("\n")[2].strip("\n")
    return [each for each in found if each]


def parts(paragraphs: list[str]) -> list[list[str]]:
    """The paragraphs in pieces that Slack takes, in as few messages as hold them; at least one."""
    found: list[list[str]] = [[]]
    for piece in (piece for each in paragraphs for piece in _pieces(each)):
        full = len(found[-1]) >= _SECTIONS or sum(map(len, found[-1])) + len(piece) > _CHARACTERS
        if full and found[-1]:
            found.append([])
        found[-1].append(piece)
    return found


def file_name(runbook: Runbook) -> str:
    """The document's file, without its folder."""
    return PurePath(runbook.path).name


def _pieces(paragraph: str) -> list[str]:
    found: list[str] = []
    for line in (short for each in paragraph.split("\n") for short in _short(each)):
        if found and len(found[-1]) + 1 + len(line) <= MOST_SECTION:
            found[-1] += "\n" + line
        elif line.strip():
            found.append(line)
    return found


def _short(line: str) -> list[str]:
    return [line] if len(line) <= _LINE else textwrap.wrap(line, _LINE, break_on_hyphens=False)


def _about(runbook: Runbook) -> str:
    said = [f"`{words.line(file_name(runbook), 90)}`", words.line(runbook.purpose), f"severity {runbook.severity}"]
    when = f"when to read: {words.line(runbook.when_to_read)}" if runbook.when_to_read else ""
    return " · ".join(filter(None, [*said[:2], when, said[2]]))


def _small_print(runbook: Runbook, number: int, of: int) -> str:
    marks = [f"{TICK} a line to do and tick"]
    marks += [f"{STEP} Opsbot does it"] if any(item.step for item in runbook.items) else []
    more = [f"Part {number} of {of}: the document is longer than one message"] if of > 1 else []
    return " · ".join([*more, *marks])
