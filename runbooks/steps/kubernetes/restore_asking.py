"""Asking before a rollback overwrites what others changed and nobody was shown. Pure.

While nobody answers, nothing is changed. Keeping their change on top of the good template is no choice: the two never
ran together, so nobody knows whether that is good.
"""

from collections.abc import Sequence

from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.edits import Edit, told
from runbooks.vocabulary import Choice, Means, Waiting

_OVERWRITE = "overwrite"
_KEEP = Choice("keep", "Keep theirs, stop here", Means.FAILED)


class Unseen(Exception):
    """Others changed what would be overwritten, and nobody was shown it; `mark` names these changes."""

    def __init__(self, deployment: str, edits: Sequence[Edit], mark: str) -> None:
        super().__init__(deployment)
        self.deployment = deployment
        self.edits = edits
        self.mark = mark


def question(found: Sequence[Unseen], stands: str = "") -> Waiting:
    """Whether they may be overwritten; `stands` says what was put back already."""
    value = ":".join([_OVERWRITE, *(each.mark for each in found)])
    changed = "; ".join(f"{told(each.edits)} in {each.deployment}" for each in found)
    fields = [f"{each.deployment}: {edit.what} · {_by(edit)}" for each in found for edit in each.edits]
    detail = [
        *fields,
        "Overwrite: the recorded pod template comes back as it was, without these.",
        "Keep: the rollback ends here, and nothing more is changed.",
        "Until somebody answers, the pods stay as they are.",
    ]
    return Waiting(
        on=f"a decision: others changed {changed}",
        choices=(Choice(value, "Overwrite and roll back", Means.AGAIN), _KEEP),
        detail="\n".join([*([stands] if stands else []), *detail]),
    )


def agreed(turn: Turn, mark: str) -> bool:
    """Whether a person who was asked let exactly these be overwritten."""
    kind, *marks = turn.choice.split(":")
    return kind == _OVERWRITE and mark in marks


def _by(edit: Edit) -> str:
    at = f", {edit.at:%-d %b %H:%M} UTC" if edit.at else ""
    return f"{edit.by or 'by whom is not known'}{at}"
