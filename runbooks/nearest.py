"""The names most like one that does not exist: what was most likely meant."""

import difflib
from collections.abc import Iterable

_ALIKE = 0.55  # so close that it is worth naming; `S9` is not yet like `S4`


def near(name: str, known: Iterable[str], *, most: int, alike: float = _ALIKE) -> list[str]:
    """The known names that are like it, in whatever case it was typed: the nearest first, at most so many."""
    folded = {each.casefold(): each for each in known}
    return [folded[found] for found in difflib.get_close_matches(name.casefold(), folded, most, alike)]


def nearest(name: str, known: Iterable[str], alike: float = _ALIKE) -> str:
    """The one that was most likely meant; "" where none is near."""
    return next(iter(near(name, known, most=1, alike=alike)), "")
