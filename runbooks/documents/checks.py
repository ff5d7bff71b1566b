"""A pydantic model's faults as sentences at the lines where they stand, each with what would be right."""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runbooks.documents.errors import Report
from runbooks.documents.marked import Loc, Marked
from runbooks.nearest import near
from runbooks.vocabulary import within

Model = TypeVar("Model", bound=BaseModel)


def validated(
    model: type[Model], marked: Marked, report: Report, *, excuse: Callable[[Loc], bool] = lambda _: False
) -> Model | None:
    """The model made of the YAML value; None, with faults in the report, if it does not fit.

    `excuse` says of which parts a fault does not count, since their value is not known yet; if only such were found,
    the answer is None too, and the report gets nothing.
    """
    try:
        return model.model_validate(marked.value)
    except ValidationError as cause:
        for error in cause.errors(include_url=False):
            loc = tuple(part for part in error["loc"] if part != "[key]")
            if _counts_faulty_entries(error):
                continue
            if error["type"] == "extra_forbidden" or not excuse(loc):
                _tell(error, loc, model=model, marked=marked, report=report)
        return None


def nearest(word: object, valid: Iterable[str], *, what: str = "known here") -> str:
    """What would be right instead of a word that is not valid: the one most like it, or all there are."""
    known = sorted(valid)
    if found := near(str(word), known, most=1):
        return f"did you mean `{found[0]}`?"
    return f"{what}: {', '.join(f'`{each}`' for each in known)}" if known else f"{what}: nothing"


def name(loc: Loc) -> str:
    """A part's place as people write it: `services.solvereign-api.workloads[0]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return "".join(parts).removeprefix(".")


def _counts_faulty_entries(error: ErrorDetails) -> bool:
    """Whether a list is told to be short only since entries that are there have faults, each told by itself."""
    entries = error["input"]
    return error["type"] == "too_short" and len(entries) != error.get("ctx", {}).get("actual_length", len(entries))


def _tell(error: ErrorDetails, loc: Loc, *, model: type[BaseModel], marked: Marked, report: Report) -> None:
    line, place = marked.line(loc), name(loc)
    match error["type"]:
        case "extra_forbidden":
            parent = f" in {name(loc[:-1])}" if len(loc) > 1 else ""
            report.add(line, f"unknown key `{loc[-1]}`{parent}", nearest(loc[-1], keys_at(model, loc[:-1])))
        case "missing":
            report.add(line, f"`{place}` is missing", "add it")
        case "enum" | "literal_error":
            valid = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
            report.add(line, f"`{place}` can't be {_shown(error['input'])}", nearest(error["input"], valid))
        case "too_short":
            context = error.get("ctx", {})
            report.add(
                line,
                f"`{place}` has {context['actual_length']} entries",
                f"it needs at least {context['min_length']}",
            )
        case "value_error":
            _tell_rule(str(error.get("ctx", {}).get("error", "")), loc, marked=marked, report=report)
        case _:
            report.add(line, f"`{place or 'this'}` can't be {_shown(error['input'])}", _right(error))


def _tell_rule(sentence: str, loc: Loc, *, marked: Marked, report: Report) -> None:
    """A model's own rule; one that says `place.of.the.fault: sentence` is told there."""
    for part in sentence.split("; ") if not loc else [sentence]:
        place, _, rest = part.partition(": ")
        found = tuple(place.split("."))
        at, wrong = (found, rest) if not loc and rest and found in marked.lines else (loc, part)
        report.add(
            _line_of_word(wrong, at, marked), f"{name(at)}: {wrong}".removeprefix(": "), _similar(wrong, marked)
        )


def _line_of_word(sentence: str, loc: Loc, marked: Marked) -> int:
    word = re.search(r"'([^']+)'", sentence)
    return marked.line(marked.where(word[1], under=loc) if word else loc)


def _similar(sentence: str, marked: Marked) -> str:
    """For `there is no group 'x'`: the group most like it."""
    missing = re.search(r"there is no (\w+) '([^']+)'", sentence)
    known = marked.at((f"{missing[1]}s",)) if missing else None
    return nearest(missing[2], known) if missing and isinstance(known, dict) else ""


def _right(error: ErrorDetails) -> str:
    match error["type"]:
        case "string_type" if isinstance(error["input"], int | bool):
            return "it is text: put it in quotes"
        case "string_type":
            return "it is text, in one line"
        case "string_pattern_mismatch":
            return f"it must match {error.get('ctx', {}).get('pattern')}"
        case "model_type" | "dict_type" | "model_attributes_type":
            return "it is a mapping: `key: value`, a line each"
        case "tuple_type" | "list_type" | "frozen_set_type":
            return "it is a list: `- value`, a line each"
    return within(error["msg"])


def _shown(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return f"`{str(value).lower()}`"
    text = str(value)
    return f"`{text if len(text) < 60 else text[:59] + '…'}`"  # noqa: PLR2004  # as much as a line bears


def keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that the model takes at a place; none where it takes no mapping of fixed keys."""
    found: Any = model
    for part in loc:
        found = _below(found, part)
    kind = _model_of(found)
    return [field.alias or key for key, field in kind.model_fields.items()] if kind else []


def _below(annotation: Any, part: str | int) -> Any:
    kind = _model_of(annotation)
    if kind is None:
        arguments = [each for each in get_args(annotation) if each not in (type(None), Ellipsis)]
        return arguments[-1] if arguments else None
    fields = (field for key, field in kind.model_fields.items() if part in (key, field.alias))
    return next((field.annotation for field in fields), None)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The model in `Model`, `Model | None` or `Annotated[Model, ...]`, but not in a list or dict of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and get_origin(annotation) is None:
        return annotation
    if get_origin(annotation) in (dict, list, tuple, frozenset):
        return None
    return next((found for each in get_args(annotation) if (found := _model_of(each))), None)
