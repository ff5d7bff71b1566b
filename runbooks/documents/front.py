"""The front matter of a document: what it is, what starts it, what it needs and reserves.

Documents of other tools have front matter too (sites, issue templates); theirs is left alone, its title aside.
"""

import re
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Annotated, Literal
from warnings import catch_warnings, simplefilter

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runbooks.documents import checks
from runbooks.documents.errors import DocumentError, Report
from runbooks.documents.marked import Marked, read
from runbooks.documents.runbook import Kind, Parameter
from runbooks.nearest import nearest
from runbooks.vocabulary import Severity

ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
_NAME = r"^[a-z][a-z0-9_-]{0,62}$"
_ALIKE = 0.75  # so close to one of our keys that it was meant
_EMPTY = 2  # lines: its two rules
# no other tool's documents have these
_OURS = ("command", "parameters", "reserves", "approvals", "modes", "severities")


def _pattern(value: str) -> str:
    try:
        with catch_warnings():
            simplefilter("error", FutureWarning)  # what will mean something else one day is no pattern to rely on
            re.compile(value)
    except (re.error, FutureWarning) as cause:
        raise ValueError(f"is no regular expression: {cause}") from cause
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DeclaredParameter(_Part):
    """One of `parameters`."""

    type: Kind = Kind.TEXT
    pattern: Annotated[str, AfterValidator(_pattern)] = ""
    description: str = ""


Name = Annotated[str, Field(pattern=_NAME)]


class FrontMatter(_Part):
    """All that front matter may say; each of it may be left out."""

    id: str | None = Field(default=None, pattern=ID)
    title: str | None = Field(default=None, min_length=1, max_length=150)
    purpose: str = Field(default="", max_length=200)
    when_to_read: str = Field(default="", max_length=200, alias="when-to-read")
    command: str = Field(default="", pattern=r"^([a-z][a-z0-9-]*)?$")
    parameters: dict[Name, DeclaredParameter] = Field(default_factory=dict)
    severity: Severity = Severity.S3
    reserves: tuple[Literal["workloads", "database"], ...] | None = None
    approvals: Literal["environment"] = "environment"
    modes: dict[Name, str] = Field(default_factory=dict)
    severities: dict[Name, Severity] = Field(default_factory=dict)  # of modes that have one of their own

    @property
    def declared(self) -> tuple[Parameter, ...]:
        """The parameters as values."""
        return tuple(
            Parameter(name, type=each.type, pattern=each.pattern, description=each.description)
            for name, each in self.parameters.items()
        )


@dataclass(frozen=True)
class Front:
    """The front matter and how many lines of the document it takes."""

    matter: FrontMatter = field(default_factory=FrontMatter)
    marked: Marked = field(default_factory=lambda: Marked(None))
    lines: int = 0


def front_of(lines: list[str], report: Report) -> Front:
    """The front matter of a document, given by its lines; faults go to the report."""
    if not lines or lines[0].rstrip() != "---":
        return Front()
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    block = lines[1:end]
    if end is None:
        if block and _says_ours(block[:1]):
            report.add(1, "the front matter has no end", "close it with a line `---`")
        return Front()
    try:
        marked = read("\n".join(block), path=report.path, first_line=2)
    except DocumentError as cause:
        if _says_ours(block):
            report.faults += cause.faults
            return Front(lines=end + 1)
        return Front(lines=end + 1) if re.match(r"[A-Za-z][\w-]*:(\s|$)", block[0]) else Front()
    return _front(marked, end + 1, report)


def _front(marked: Marked, lines: int, report: Report) -> Front:
    match marked.value:
        case None if lines == _EMPTY:
            return Front(lines=lines)
        case dict() as found if _is_ours(found.keys()):
            matter = checks.validated(FrontMatter, marked, report)
            return Front(matter or FrontMatter(), marked, lines)
        case {"title": str(title)} if title.strip():
            return Front(FrontMatter(title=title.strip()[:150]), marked, lines)
        case dict():
            return Front(lines=lines)
    return Front()  # a rule, some text and another rule: Markdown


def _is_ours(keys: Set[str]) -> bool:
    """Whether it is meant for Opsbot: other tools know `id` and `title` too, but no key that is only nearly ours."""
    ours = checks.keys_at(FrontMatter, ())
    if keys & {*_OURS} or keys <= {*ours}:
        return True
    return "id" in keys and any(nearest(key, ours, _ALIKE) for key in keys - {*ours})


def _says_ours(block: list[str]) -> bool:
    return any(line.startswith(tuple(f"{key}:" for key in _OURS)) for line in block)
