"""What a document says, as values: a runbook of phases of items, some of which a step does."""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from runbooks.vocabulary import Json, OnFailure, Severity


class Kind(StrEnum):
    """What a parameter of a runbook is."""

    TEXT = "text"
    NUMBER = "number"
    SERVICE = "service"
    VERSION = "version"
    ENVIRONMENT = "environment"


_SHAPES = {
    Kind.TEXT: r"[^\x00-\x1f\x7f]{1,200}",
    Kind.NUMBER: r"-?[0-9]{1,15}",
    Kind.SERVICE: r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    Kind.VERSION: r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,127}",
    Kind.ENVIRONMENT: r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
}


RESERVABLE = ("workloads", "database")
"""What of an environment a run may reserve, so that no other run changes it meanwhile."""


@dataclass(frozen=True)
class Parameter:
    """Something that whoever starts the runbook must say; `pattern` narrows what its kind admits."""

    name: str
    type: Kind = Kind.TEXT
    pattern: str = ""
    description: str = ""

    def admits(self, value: str) -> bool:
        """Whether the whole value has the parameter's shape."""
        shapes = (_SHAPES[self.type], *([self.pattern] if self.pattern else []))
        return all(re.fullmatch(shape, value) for shape in shapes)


@dataclass(frozen=True)
class StepBlock:
    """An item's `step` block: which step does the item, with which parameters of its own."""

    uses: str
    params: Json = field(default_factory=dict)
    on_failure: OnFailure = field(default_factory=OnFailure)
    line: int = 0  # of the block's fence


@dataclass(frozen=True)
class Item:
    """A line to tick. Without a step a person confirms it."""

    id: str
    title: str  # plain text, one line
    line: int
    step: StepBlock | None = None
    detail: str = ""  # Markdown that stands under the line

    @property
    def uses(self) -> str:
        """The step that does it: `confirm` where the document names none."""
        return self.step.uses if self.step else "confirm"


@dataclass(frozen=True)
class Phase:
    """A heading with its items; no two of one runbook have the same title."""

    title: str
    items: tuple[Item, ...] = ()
    text: str = ""  # Markdown that stands under the heading and belongs to no item
    line: int = 1
    under: tuple[str, ...] = ()  # the headings it stands under, outermost first, and its own


@dataclass(frozen=True)
class Runbook:
    """A document that can be run."""

    id: str
    title: str
    phases: tuple[Phase, ...]
    path: str
    digest: str  # SHA-256 of the document's text, hex
    command: str = ""  # the slash command that runs it; "" for none
    parameters: tuple[Parameter, ...] = ()
    severity: Severity = Severity.S3
    reserves: tuple[str, ...] | None = None  # of RESERVABLE; None: the document does not say
    approvals: str = "environment"  # the environment's approvers bind whatever a document says
    modes: tuple[tuple[str, str], ...] = ()  # name, heading: parts of the document that run on their own
    severities: tuple[tuple[str, Severity], ...] = ()  # name, severity: of modes that have one of their own
    purpose: str = ""  # what it is for, in a few words
    when_to_read: str = ""
    text: str = ""  # the whole document as it is read: Markdown, its front matter as empty lines

    @property
    def reserved(self) -> frozenset[str]:
        """What a run of it reserves: all there is, where that is not said."""
        return frozenset(RESERVABLE if self.reserves is None else self.reserves)

    @property
    def items(self) -> tuple[Item, ...]:
        """All items in the document's order."""
        return tuple(item for phase in self.phases for item in phase.items)

    @property
    def runs(self) -> "Runbook":
        """What a run of this document does: its first mode, or all of it where it has none."""
        return self.mode(self.modes[0][0]) if self.modes else self

    def mode(self, name: str) -> "Runbook":
        """The part of the document that stands under the mode's heading, as `id/name`. KeyError for no such mode."""
        heading = dict(self.modes)[name]
        phases = tuple(phase for phase in self.phases if heading in phase.under)
        severity = dict(self.severities).get(name, self.severity)
        part = replace(self, id=f"{self.id}/{name}", title=heading, phases=phases, severity=severity)
        return replace(part, modes=(), severities=())
