"""`${params.NAME}`: the only thing in a document that stands for something else, and only as a whole value."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from runbooks.documents.errors import Report
from runbooks.documents.marked import Loc, Marked
from runbooks.documents.runbook import Item, Runbook

_WHOLE = re.compile(r"\$\{params\.([A-Za-z0-9_-]+)\}")


class BadParameter(Exception):
    """A parameter of a runbook is missing, unknown, or does not have its shape; the text is a sentence for people."""


def is_placeholder(value: object) -> bool:
    """Whether the value is one, whole."""
    return isinstance(value, str) and _WHOLE.fullmatch(value) is not None


def check(marked: Marked, declared: frozenset[str], report: Report) -> None:
    """Report every placeholder that is part of a longer text, stands in a key, or is not declared."""
    for loc, text in _texts(marked.value, ()):
        if "${" not in text:
            continue
        if (found := _WHOLE.fullmatch(text)) is None:
            wrong = (
                f"`{text}`: a placeholder is a whole value, never a part of one, and there is only `${{params.NAME}}`"
            )
            report.add(marked.line(loc), wrong, "make the whole value one parameter")
        elif found[1] not in declared:
            known = ", ".join(sorted(declared)) or "none"
            report.add(marked.line(loc), f"there is no parameter `{found[1]}`", f"the front matter declares: {known}")


def bind(runbook: Runbook, values: Mapping[str, str]) -> Runbook:
    """The runbook with its placeholders replaced. Raises BadParameter, before anything is replaced."""
    declared = {parameter.name: parameter for parameter in runbook.parameters}
    if unknown := sorted(values.keys() - declared.keys()):
        raise BadParameter(f"{runbook.title} has no parameter {unknown[0]}.")
    for parameter in runbook.parameters:
        if parameter.name not in values:
            raise BadParameter(f"{runbook.title} needs the parameter {parameter.name}.")
        if not parameter.admits(values[parameter.name]):
            wanted = f"{parameter.type.value}" + (f" matching {parameter.pattern}" if parameter.pattern else "")
            raise BadParameter(f"{parameter.name} can't be {values[parameter.name]!r}: it is {wanted}.")
    phases = tuple(
        replace(phase, items=tuple(_bound(item, values) for item in phase.items)) for phase in runbook.phases
    )
    return replace(runbook, phases=phases)


def _bound(item: Item, values: Mapping[str, str]) -> Item:
    if item.step is None:
        return item
    return replace(item, step=replace(item.step, params=_filled(item.step.params, values)))


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {key: _filled(each, values) for key, each in value.items()}
        case list():
            return [_filled(each, values) for each in value]
        case str() if found := _WHOLE.fullmatch(value):
            return values[found[1]]
    return value


def _texts(value: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    match value:
        case str():
            yield loc, value
        case dict():
            for key, each in value.items():
                if "${" in key:
                    yield (*loc, key), f"{key}:"
                yield from _texts(each, (*loc, key))
        case list():
            for index, each in enumerate(value):
                yield from _texts(each, (*loc, index))
