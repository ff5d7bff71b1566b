"""A `step` block: YAML that says which step does an item, and what its failure means."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from runbooks.documents import checks, placeholders
from runbooks.documents.errors import DocumentError, Report
from runbooks.documents.front import ID
from runbooks.documents.marked import Loc, Marked, read
from runbooks.documents.runbook import StepBlock
from runbooks.vocabulary import OnFailure, Then

Known = Mapping[str, type[BaseModel] | None]
"""The steps there are: `uses` to the model of its own keys; None for a step that has none."""


class _NoKeys(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _OnFailure(BaseModel):
    model_config = ConfigDict(extra="forbid")

    finding: str | None = Field(default=None, pattern=ID)
    then: Then = Then.STOP


class Head(BaseModel):
    """The keys that every block has; all others belong to its step."""

    id: str | None = Field(default=None, pattern=ID)
    uses: str
    on_failure: _OnFailure = Field(default_factory=_OnFailure, alias="on-failure")


_HEAD = frozenset(("id", "uses", "on-failure"))


@dataclass(frozen=True)
class Fence:
    """A `step` block as it stands in the document."""

    text: str
    line: int  # of the fence


@dataclass(frozen=True)
class Block:
    """What a block says: the step, and the id it gives its item, if any."""

    step: StepBlock
    id: str | None


def block_of(fence: Fence, *, known: Known, parameters: frozenset[str], report: Report) -> Block | None:
    """The block, checked against the step it names; None, with faults in the report, for one that is not right."""
    try:
        marked = read(fence.text, path=report.path, first_line=fence.line + 1)
    except DocumentError as cause:
        report.faults += cause.faults
        return None
    if not isinstance(marked.value, dict):
        report.add(fence.line, "this step block says nothing", "say at least `uses: STEP`")
        return None
    placeholders.check(marked, parameters, report)
    head = checks.validated(Head, _only(marked, keys=_HEAD.intersection(marked.value)), report)
    own = _only(marked, keys=frozenset(marked.value) - _HEAD)
    if isinstance(uses := marked.value.get("uses"), str):
        _check_own(uses, own, marked.line(("uses",)), known=known, report=report)
    if head is None:
        return None
    on_failure = OnFailure(head.on_failure.finding, head.on_failure.then)
    return Block(StepBlock(head.uses, dict(own.value), on_failure, fence.line), head.id)


def _check_own(uses: str, own: Marked, line: int, *, known: Known, report: Report) -> None:
    if uses not in known:
        report.add(line, f"there is no step `{uses}`", checks.nearest(uses, known, what="the steps are"))
        return

    def excuse(loc: Loc) -> bool:
        if not loc:  # a rule over several values, one of which is not known yet
            return any(placeholders.is_placeholder(own.at(each)) for each in own.lines)
        return placeholders.is_placeholder(own.at(loc))

    checks.validated(known[uses] or _NoKeys, own, report, excuse=excuse)


def _only(marked: Marked, *, keys: frozenset[str]) -> Marked:
    value = {key: each for key, each in marked.value.items() if key in keys}
    return Marked(value, {loc: line for loc, line in marked.lines.items() if not loc or loc[0] in keys})
