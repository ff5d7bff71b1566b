"""What a typed version and a run's name can look like, so that anything else is refused before it costs anything."""

import re

LONGEST = 200  # characters of a version

_CHARACTERS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]*")  # what the source is ever asked for
_FORBIDDEN = re.compile(r"\.\.|//|/\.|\.lock(/|$)|[./]$")  # what git allows in no name
_RUN = re.compile(r"[DERT]-[0-9]{1,18}")


def is_version(text: str) -> bool:
    """Whether it can be a tag, a branch or a commit: a name that git allows, 200 characters at most."""
    return len(text) <= LONGEST and bool(_CHARACTERS.fullmatch(text)) and not _FORBIDDEN.search(text)


def is_run(text: str) -> bool:
    """Whether it is written as a run's name is: D-107, R-12, T-5, E-3."""
    return bool(_RUN.fullmatch(text))
