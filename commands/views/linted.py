"""What the linter found in migrations, in full: in the thread of the card whose plan has a line of each."""

from collections.abc import Iterator

from commands.views import words
from commands.views.blocks import Block, context, quote, section
from runbooks.runs.state import Run
from runbooks.vocabulary import Done

_LONGEST = 2400  # characters of one message


def linted(run: Run) -> Iterator[tuple[str, str, tuple[Block, ...]]]:
    """The name that each message has in the thread for ever, its text for notifications, its blocks."""
    for step in run.plan.steps if run.plan else ():
        state = run.of(step)
        if step.uses != "migrations.plan" or state is None or not isinstance(state.outcome, Done):
            continue
        pages = state.outcome.evidence.get("lint") or ()
        for number, page in enumerate(pages, 1):
            of = f", part {number} of {len(pages)}" if len(pages) > 1 else ""
            title = f"📄 What squawk finds in the migrations of {run.id}{of}"
            yield f"lint/{step.id}/{number}", title, (context(title), section(quote(words.safe(str(page), _LONGEST))))
