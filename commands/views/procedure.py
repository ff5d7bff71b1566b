"""The procedure that is to be read before a run goes on, in its thread."""

from collections.abc import Iterator

from commands.views import words
from commands.views.blocks import Block, context, section
from commands.views.document import parts
from commands.views.markdown import mrkdwn
from runbooks.runs.state import Run
from runbooks.steps.procedure import shown_by

Part = tuple[str, str, tuple[Block, ...]]
"""The name that it has in the thread for ever, its text for notifications, its blocks."""


def procedures(run: Run) -> Iterator[Part]:
    """The messages that show them, from when the plan stands; a changed text is shown anew."""
    for step in run.plan.steps if run.plan else ():
        if (found := shown_by(step)) is not None:
            yield from _pages(step.id, *found)


def _pages(step: str, name: str, markdown: str) -> Iterator[Part]:
    pages = parts(mrkdwn(markdown, {}))
    for number, page in enumerate(pages, 1):
        title = f"📄 {words.line(name, 90)}" + (f", part {number} of {len(pages)}" if len(pages) > 1 else "")
        yield f"procedure/{step}/{number}", title, (context(title), *map(section, page))
