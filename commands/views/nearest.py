"""What is said of a name that does not exist: the one most like it, or those there are."""

from collections.abc import Collection

from commands.views import words
from commands.views.typed import typed
from runbooks.engine.places import nearest

_LISTED = 12


def no_such(what: str, name: str, known: Collection[str]) -> str:
    """A sentence or two: "There is no document “x”. Did you mean y?"."""
    start = f"There is no {what} “{typed(name)}”."
    if meant := nearest(name, known):
        return f"{start} Did you mean {words.line(meant)}?"
    if not known:
        return f"{start} There is none at all."
    listed = sorted(known)
    more = f", and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return f"{start} There are: {', '.join(map(words.line, listed[:_LISTED]))}{more}."
