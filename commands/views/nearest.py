"""What is said of a name that does not exist: the one most like it, or those there are."""

from collections.abc import Collection, Sequence

from commands.views import words
from commands.views.typed import typed
from runbooks.nearest import nearest

_LISTED = 12


def no_such(what: str, name: str, known: Collection[str]) -> str:
    """A sentence or two: "There is no document “x”. Did you mean y?"."""
    return unknown(what, typed(name), words.line(nearest(name, known)), [words.line(each) for each in sorted(known)])


def unknown(what: str, name: str, meant: str, known: Sequence[str]) -> str:
    """The same of texts that are safe to show already; `meant` is "" where nothing is near."""
    start = f"There is no {what} “{name}”."
    if meant:
        return f"{start} Did you mean {meant}?"
    if not known:
        return f"{start} There is none at all."
    more = f", and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return f"{start} There are: {', '.join(known[:_LISTED])}{more}."
