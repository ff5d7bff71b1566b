"""What an expression says of the values that pass it: the literals in it, and strings like them. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.rehearsal.patterns import sample

_STRING = re.compile(r"(?P<escaped>\b[eE])?'(?P<text>(?:[^']|'')*)'")
_NUMBER = re.compile(r"(?<![\w.$])\d+(?:\.\d+)?(?![\w.])")
_WORD = re.compile(r'"(?:[^"]|"")*"|[^\W\d][\w$]*')
_LONGEST = 2000  # characters of a string that is made only to be long
_MOST = 60  # of either; an expression with more is rather a list than a rule


@dataclass(frozen=True)
class Hints:
    """Strings and numbers to try; the strings as they stand, and made from patterns among them."""

    strings: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    ruled: bool = False  # there is a rule, though it may hold neither

    def __bool__(self) -> bool:
        return self.ruled

    def with_those_of(self, other: "Hints") -> "Hints":
        """Both together."""
        strings, numbers = self.strings + other.strings, self.numbers + other.numbers
        return Hints(strings, numbers, self.lengths + other.lengths, self.ruled or other.ruled)


def hints(expressions: Iterable[str]) -> Hints:
    """Of all these expressions together."""
    strings: dict[str, None] = {}
    numbers: dict[str, None] = {}
    told = [text for text in expressions if text]
    for text in told:
        for literal in literals(text):
            strings |= dict.fromkeys(_around(literal))
        for number in _NUMBER.findall(_STRING.sub(" ", text)):
            numbers |= dict.fromkeys(_beside(number))
        for literal in literals(text):
            if _NUMBER.fullmatch(literal.lstrip("-")):
                numbers |= dict.fromkeys(_beside(literal))
    lengths = [int(n) for n in numbers if n.isdigit() and int(n) <= _LONGEST]
    return Hints(tuple(strings)[:_MOST], tuple(numbers)[:_MOST], tuple(lengths)[:_MOST], bool(told))


def literals(expression: str) -> list[str]:
    """The strings that stand in it."""
    found = []
    for match in _STRING.finditer(expression):
        text = match["text"].replace("''", "'")
        found.append(text.replace("\\\\", "\\") if match["escaped"] else text)
    return found


def names(expression: str) -> frozenset[str]:
    """The words in it that may name columns, as written (`"Order"` with its quotes)."""
    return frozenset(_WORD.findall(_STRING.sub(" ", expression)))


def _around(literal: str) -> Iterator[str]:
    yield literal
    yield from sample(literal)
    if "%" in literal or "_" in literal:  # perhaps a pattern of LIKE
        yield literal.replace("%", "").replace("_", "x")
        yield literal.replace("%", "x").replace("_", "x")
    try:
        moment = datetime.fromisoformat(literal)
    except ValueError:
        yield f'{{"{literal}": 1}}'  # perhaps a key that a document must have
        yield f'{{"{literal}": "x"}}'
        return
    for days in (1, -1, 400):
        yield (moment + timedelta(days=days)).isoformat(sep=" ")


def _beside(number: str) -> Iterator[str]:
    if "." in number:
        step = float(number)
        yield from (number, f"{step / 2:g}", f"{step * 2:g}", f"{step + 1:g}")
    else:
        whole = int(number)
        yield from map(str, (whole, whole - 1, whole + 1, whole - 2, whole + 2, whole + 3, -whole))
