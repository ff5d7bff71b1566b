"""README.md, "Going live": its blocks as a newcomer meets them, and what they make up, made real."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_FENCE = re.compile(r"^(?P<ticks>`{3,4})(?P<language>\w+)\n(?P<text>.*?)^(?P=ticks)$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"(?:#|<!--) (?P<name>[\w./-]+\.\w+)(?: -->)?\n")
_MADE_UP = re.compile(r"[\w./-]*\.example\b[\w./-]*|\w*EXAMPLE\w*|(?:\w+-)?made-up")


@dataclass(frozen=True)
class Block:
    """Something to copy: a file, or what is typed. `prints` is what the page promises; … stands for anything."""

    language: str
    text: str
    prints: str = ""

    @property
    def file(self) -> str:
        """The name in its first line; "" for what is typed."""
        found = _NAME.match(self.text) if self.language != "bash" else None
        return found["name"] if found else ""

    @property
    def first(self) -> str:
        """Its first line, by which it is named."""
        return self.text.partition("\n")[0]

    def made_real(self, values: Mapping[str, str]) -> "Block":
        """With these values in place of what the page made up."""
        text = self.text
        for made_up, value in values.items():
            text = text.replace(made_up, value)
        return replace(self, text=text)

    def made_up(self, values: Mapping[str, str]) -> frozenset[str]:
        """What the page made up in it and these values do not replace."""
        return frozenset(_MADE_UP.findall(self.made_real(dict.fromkeys(values, "")).text))

    def unkept(self, printed: str) -> list[str]:
        """The promised lines that were not printed, in their order."""
        lines = iter(printed.splitlines())
        promised = [line for line in self.prints.splitlines() if line != "…"]
        return [line for line in promised if not any(_pattern(line).fullmatch(found) for found in lines)]


def blocks() -> list[Block]:
    """Those of the section, in the page's order."""
    section = README.read_text().partition("\n## Going live\n")[2].partition("\n## Finding your way\n")[0]
    return list(_with_promises(section))


def _with_promises(section: str) -> Iterator[Block]:
    last: Block | None = None
    for found in _FENCE.finditer(section):
        if found["language"] == "text":
            assert last is not None, "a promise without a block"
            last = replace(last, prints=found["text"])
            continue
        if last is not None:
            yield last
        last = Block(found["language"], found["text"])
    if last is not None:
        yield last


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, line.split("…"))))
