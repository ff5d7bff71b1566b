"""What a run of a document reserves: what the document says, held against what its steps change."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from runbooks.documents.errors import DocumentError, Fault
from runbooks.documents.runbook import RESERVABLE, Runbook, StepBlock

Touches = Callable[[StepBlock], frozenset[str] | None]
"""What of `RESERVABLE` a step changes; None: something, but the document does not tell what."""


def reserving(runbook: Runbook, touches: Touches) -> Runbook:
    """The runbook with what it reserves; where it says nothing, all there is, or nothing if no step changes anything.

    Raises DocumentError where a step changes what the document says it does not reserve.
    """
    changed = [(item.step, touches(item.step)) for item in runbook.items if item.step]
    if runbook.reserves is None:
        return replace(runbook, reserves=RESERVABLE if any(what != frozenset() for _, what in changed) else ())
    declared = frozenset(runbook.reserves)
    faults = [
        Fault(runbook.path, step.line, f"`{step.uses}` changes {what}, which this document does not reserve", right)
        for step, touched in changed
        for what, right in _missing(touched, declared)
    ]
    if faults:
        raise DocumentError(faults)
    return runbook


def _missing(touched: frozenset[str] | None, declared: frozenset[str]) -> Iterator[tuple[str, str]]:
    if touched is None:
        if not declared:
            yield "the environment", f"name in `reserves` what it changes, of {' and '.join(RESERVABLE)}"
        return
    for what in sorted(touched - declared):
        yield f"the {what}", f"add `{what}` to `reserves`"
