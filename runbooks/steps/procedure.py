"""`procedure.show`: puts a document of the library into the run's thread; a person ticks that they have read it.

The text is part of the plan, so that what was read is what was approved.
"""

from typing import Protocol

from runbooks.steps.base import Params, Resolved, Site, Step
from runbooks.steps.confirm import Confirm
from runbooks.vocabulary import Cut, PlannedStep, PlanningFailed

_DOCUMENT, _TEXT = "document", "text"


class Texts(Protocol):
    """The library, as people read it."""

    def text(self, document: str) -> str:
        """The whole document: Markdown. KeyError where there is none."""
        ...


class ProcedureParams(Params):
    """`document` is the id of what is to be read."""

    document: str


class ProcedureShow(Step):
    """Planned as a line to tick, which carries what is to be read before."""

    uses = "procedure.show"
    params = ProcedureParams
    cut = Cut.IDEMPOTENT

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # the same everywhere
        """Take the text as it is now."""
        assert isinstance(params, ProcedureParams)  # noqa: S101  # validated as such
        try:
            text = self._texts.text(params.document)
        except KeyError:
            raise PlanningFailed(
                f"There is no document {params.document!r} in the library, so nobody can read it first."
            ) from None
        return Resolved({_DOCUMENT: params.document, _TEXT: text}, uses=Confirm.uses)


def shown_by(step: PlannedStep) -> tuple[str, str] | None:
    """The document's id and its text, where this step is to show one."""
    if step.uses != Confirm.uses or _TEXT not in step.params:
        return None
    return str(step.params[_DOCUMENT]), str(step.params[_TEXT])
