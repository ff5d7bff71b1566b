"""Which names a statement mentions, also in the bodies of functions and DO blocks. Pure.

By words, not by trees: it errs towards a mention too many, and sees into strings, where a tree ends.
"""

import re
from functools import cache

from pglast.parser import ParseError, scan

_STRINGS = ("SCONST", "USCONST")


@cache
def words(text: str) -> frozenset[str]:
    """The words of SQL, names as they are kept (unquoted in lower case), and the words in its strings."""
    try:
        tokens = [token for token in scan(text) if token.name not in ("SQL_COMMENT", "C_COMMENT")]
    except ParseError:
        return frozenset(text.lower().split())
    found: set[str] = set()
    for token in tokens:
        part = text[token.start : token.end + 1]
        if token.name in _STRINGS:
            found |= _in_string(part)
        elif part.startswith('"'):
            found.add(part[1:-1].replace('""', '"'))
        else:
            found.add(part.lower())
    return frozenset(found)


def _in_string(part: str) -> frozenset[str]:
    if part.startswith("$"):
        mark = part[: part.index("$", 1) + 1]
        return words(part[len(mark) : -len(mark)])
    body = part.partition("'")[2].removesuffix("'").replace("''", "'")
    return words(body) | {body}


def bare(name: str) -> str:
    """The last part of an object's name, without schema, quotes and arguments: `app."Order"` is Order."""
    if not name.endswith('"'):
        name = name.partition("(")[0]
    if name.endswith('"'):
        start = max(name.rfind('."') + 1, 0)
        return name[start + 1 : -1].replace('""', '"')
    return name.rpartition(".")[2]


def parts(name: str) -> tuple[str, ...]:
    """A name's parts as they are kept, unquoted: `app."Order"` is app and Order."""
    found = re.findall(r'"((?:[^"]|"")*)"|([^.]+)', name)
    return tuple(quoted.replace('""', '"') or plain for quoted, plain in found)
