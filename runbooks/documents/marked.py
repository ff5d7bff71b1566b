"""YAML with the line of every key and value, so that any fault in it can be told as file:line.

Reads the part of YAML that has no traps: text, whole numbers, true, false and null. `no`, `1.10`, `024` and `12:30`
are text.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from runbooks.documents.errors import Report

Loc = tuple[str | int, ...]

_DEPTH = 40
_NODES = 200_000  # a service has some 160; aliases count too: they may stand for each other many times over
_PREFIX = "tag:yaml.org,2002:"
_NULL = (f"{_PREFIX}null", re.compile(r"^(?:~|null|Null|NULL|)$"))
_BOOL = (f"{_PREFIX}bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"))
_INT = (f"{_PREFIX}int", re.compile(r"^-?(?:0|[1-9][0-9]{0,17})$"))


class _Loader(yaml.SafeLoader):
    """Builds nodes only; values are made here, from their tags."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # the base class declares it without ClassVar
        **{first: [_NULL] for first in ("", "~", "n", "N")},
        **{first: [_BOOL] for first in "tTfF"},
        **{first: [_INT] for first in "-0123456789"},
    }


class _Lines:
    """Lines of a text by position, as people's editors count them; YAML knows more kinds of line breaks."""

    def __init__(self, text: str, first: int) -> None:
        self.first = first
        self.breaks = [found.start() for found in re.finditer("\n", text)]

    def at(self, position: int) -> int:
        return bisect_left(self.breaks, position) + self.first

    def of(self, mark: yaml.Mark | None) -> int:
        return self.at(mark.index) if mark else self.first


@dataclass(frozen=True)
class Marked:
    """A value and where its parts stand."""

    value: Any
    lines: Mapping[Loc, int] = field(default_factory=dict)

    def line(self, loc: Loc) -> int:
        """The line of that part, or of the nearest one around it."""
        while loc not in self.lines and loc:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def where(self, value: object, *, under: Loc) -> Loc:
        """The first part below `under` that is this value; `under` itself where there is none."""
        below = (loc for loc in self.lines if loc[: len(under)] == under and self.at(loc) == value)
        return next(below, under)

    def at(self, loc: Loc) -> Any:
        """The part itself; None where there is none."""
        found = self.value
        for key in loc:
            match found:
                case dict() if key in found:
                    found = found[key]
                case list() if isinstance(key, int) and key < len(found):
                    found = found[key]
                case _:
                    return None
        return found


def read(text: str, *, path: str, first_line: int = 1) -> Marked:
    """The value of a YAML text whose first line stands at `first_line` of its file. Raises DocumentError."""
    report, lines = Report(path), _Lines(text, first_line)
    node = _composed(text, report, lines)
    builder = _Builder(lines, report)
    value = builder.value(node, ()) if node is not None else None
    report.close()
    return Marked(value, {(): first_line, **builder.lines})


def _composed(text: str, report: Report, lines: _Lines) -> yaml.Node | None:
    if (tab := re.search(r"^ *\t[\t ]*\S", text, re.MULTILINE)) is not None:
        raise report.failed(lines.at(tab.start()), "a tab stands in the indentation", "indent with spaces")
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        begun = f" {cause.context} from line {lines.of(cause.context_mark)}" if cause.context_mark else ""
        wrong = f"this is not YAML: {cause.problem or 'it ends'}{begun}"
        right = "check the colons, quotes and indentation here"
        raise report.failed(lines.of(mark), wrong, right) from cause
    except yaml.reader.ReaderError as cause:
        line = lines.at(cause.position)
        raise report.failed(line, "a character stands here that YAML forbids", "remove it") from cause
    except RecursionError as cause:
        raise report.failed(lines.first, "this YAML is nested too deep", "make it flatter") from cause
    return node


@dataclass
class _Builder:
    """Makes values of nodes and remembers where each stood."""

    places: _Lines
    report: Report
    lines: dict[Loc, int] = field(default_factory=dict)
    nodes: int = 0

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        self.nodes += 1
        line = self._line(node)
        self.lines.setdefault(loc, line)
        if self.nodes > _NODES or len(loc) > _DEPTH:
            raise self.report.failed(line, "this YAML is too large or too deep", "make it smaller")
        match node:
            case yaml.ScalarNode():
                return self._scalar(node, line)
            case yaml.SequenceNode():
                return [self.value(each, (*loc, index)) for index, each in enumerate(node.value)]
            case yaml.MappingNode():
                return dict(self._pairs(node, loc))
        raise AssertionError(type(node))  # YAML has no other kind of node

    def _pairs(self, node: yaml.MappingNode, loc: Loc) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = self._line(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.report.add(line, "a key is a list or a mapping", "keys are plain words")
                continue
            key = str(key_node.value)
            if key in seen:
                self.report.add(line, f"`{key}` stands here twice, first in line {seen[key]}", "keep one of them")
                continue
            seen[key] = line
            self.lines[*loc, key] = line
            yield key, self.value(value_node, (*loc, key))

    def _scalar(self, node: yaml.ScalarNode, line: int) -> Any:
        text = str(node.value)
        match node.tag.removeprefix(_PREFIX):
            case "str":
                return text
            case "null":
                return None
            case "bool" if _BOOL[1].match(text):
                return text.lower() == "true"
            case "int" if _INT[1].match(text):
                return int(text)
        self.report.add(line, f"the tag {node.tag} is not known here", "write plain text, quoted where need be")
        return None

    def _line(self, node: yaml.Node) -> int:
        return self.places.of(node.start_mark)
