"""Strings that match a regular expression, for the plain expressions that checks are made of. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CLASSES = {
    "d": "0123456789",
    "w": "abcxyz019_",
    "s": " ",
    "D": "ab",
    "W": "-",
    "S": "ab1",
    "m": "",
    "M": "",
    "y": "",
}
_NAMED = {"alpha": "abc", "digit": "0123456789", "alnum": "abc123", "upper": "ABC", "lower": "abc", "space": " "}
_NAMED |= {"xdigit": "0123456789abcdef", "punct": ".,-", "blank": " "}
_ALL = "ab01-AB._ "
_OFTEN = 2  # how often more than the least a part is repeated in the longer sample
_VARIANTS = 10
_MANY = 1000


class _Hard(Exception):
    """Not one of the plain expressions."""


@dataclass
class _Reader:
    text: str
    turn: int  # which of several equal ways is taken
    at: int = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        found = self.peek()
        self.at += 1
        return found

    def choice(self) -> str:
        ways = [self.sequence()]
        while self.peek() == "|":
            self.take()
            ways.append(self.sequence())
        return ways[self.turn % len(ways)]

    def sequence(self) -> str:
        made = ""
        while self.peek() not in ("", "|", ")"):
            began = self.at
            self.atom()
            ended = self.at
            least, most = self.repeats()
            more = min(most, least + _OFTEN) if self.turn % 2 else max(least, min(1, most))
            after, self.at = self.at, began
            for number in range(more):
                self.at = began
                made += _Reader(self.text[:ended], self.turn + number * 3, began).atom()
            self.at = after
        return made

    def atom(self) -> str:
        sign = self.take()
        if sign == "(":
            if self.text.startswith("?:", self.at):
                self.at += 2
            elif self.peek() == "?":
                raise _Hard
            inner = self.choice()
            if self.take() != ")":
                raise _Hard
            return inner
        if sign == "[":
            return self.one_of()
        if sign == "\\":
            return self.escaped()
        if sign in "^$":
            return ""
        return _ALL[self.turn % len(_ALL)] if sign == "." else sign

    def escaped(self) -> str:
        sign = self.take()
        if sign.isdigit() or not sign:
            raise _Hard
        members = _CLASSES.get(sign, sign)
        return members[self.turn % len(members)] if members else ""

    def one_of(self) -> str:
        negated = self.peek() == "^"
        if negated:
            self.take()
        members = ""
        while (sign := self.take()) != "]" or not members:
            if not sign:
                raise _Hard
            members += self.member(sign)
        if negated:
            members = "".join(c for c in "ax0-A_ @./" if c not in members)
        if not members:
            raise _Hard
        return members[self.turn % len(members)]

    def member(self, sign: str) -> str:
        if sign == "[" and self.peek() == ":":
            name, _, _ = self.text[self.at + 1 :].partition(":]")
            self.at += len(name) + 3
            return _NAMED.get(name, "")
        if sign == "\\":
            escaped = self.take()
            sign = _CLASSES.get(escaped, escaped)
        if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
            self.take()
            last = self.take()
            return "".join(map(chr, range(ord(sign[:1] or "a"), ord(last) + 1)))[:_MANY]
        return sign

    def repeats(self) -> tuple[int, int]:
        sign = self.peek()
        found = re.compile(r"\{(\d+)(,?)(\d*)\}").match(self.text, self.at)
        if found:
            self.at = found.end()
            least = min(int(found[1]), _MANY)
            most = int(found[3]) if found[3] else _MANY if found[2] else least
        elif sign in ("*", "+", "?") and sign:
            self.take()
            least, most = {"*": (0, _MANY), "+": (1, _MANY), "?": (0, 1)}[sign]
        else:
            return 1, 1
        if self.peek() == "?":  # as few as possible: the same strings
            self.take()
        return least, most


def sample(pattern: str) -> Iterator[str]:
    """Some different strings that it matches; none where it is no pattern, or none of the plain ones."""
    if not re.search(r"[\[\]\\^$.+*(){}|]", pattern):
        return
    seen = set()
    for turn in range(_VARIANTS):
        reader = _Reader(pattern, turn)
        try:
            made = reader.choice()
        except (_Hard, RecursionError):
            return
        if reader.at < len(pattern):
            return
        if made not in seen:
            seen.add(made)
            yield made
