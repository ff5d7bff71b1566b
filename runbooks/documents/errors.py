"""Faults of a document: where, what is wrong, and what would be right; all of them are told at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Fault:
    """One fault, as one line of text: `path:line: what is wrong; what would be right`."""

    path: str
    line: int  # from 1
    wrong: str
    right: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.wrong}" + (f"; {self.right}" if self.right else "")


class DocumentError(Exception):
    """A document can't be used; its text is the faults, a line each, in the document's order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


@dataclass
class Report:
    """Collects the faults of one document while it is read."""

    path: str
    faults: list[Fault] = field(default_factory=list)

    def add(self, line: int, wrong: str, right: str = "") -> None:
        """Note a fault and read on; whatever it quotes, it is one line that a terminal can show."""
        self.faults.append(Fault(self.path, line, _one_line(wrong), _one_line(right)))

    def failed(self, line: int, wrong: str, right: str = "") -> DocumentError:
        """The error to raise where reading on makes no sense: this fault and all before it."""
        self.add(line, wrong, right)
        return DocumentError(self.faults)

    def close(self) -> None:
        """Raise DocumentError if there was any fault."""
        if self.faults:
            raise DocumentError(self.faults)


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
