"""What all parts of the catalogue share: how they are read, and the kinds of small values in them."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}  # seconds
_LONGEST = 365 * _UNITS["d"]
_DIGITS = 9  # of a number that may still be no longer than that
_SIZE = r"([1-9][0-9]{0,5})(MB|GB|TB)"
_SHIFTS = {"MB": 20, "GB": 30, "TB": 40}
_VARIABLE = r"^[A-Z][A-Z0-9_]*$"


def _duration(value: object) -> object:
    """Read "90s", "30m", "2h", "1d" as a timedelta; everything else is left for pydantic to judge."""
    if isinstance(value, str) and (found := re.fullmatch(r"0*([0-9]+)([smhd])", value.strip())):
        if len(found[1]) > _DIGITS or int(found[1]) * _UNITS[found[2]] > _LONGEST:
            raise ValueError(f"no duration is longer than a year; {value.strip()} is")
        return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if isinstance(value, timedelta):
        return value
    raise ValueError('a duration is a number with its unit, such as "90s", "30m", "2h" or "1d"')


def _some_time(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("no time at all can't work here; give at least 1s")
    return value


def _size(value: object) -> object:
    """Read "500MB", "1GB", "2TB" as bytes, by PostgreSQL's units of 1024."""
    if isinstance(value, str) and (found := re.fullmatch(_SIZE, value.strip())):
        return int(found[1]) << _SHIFTS[found[2]]
    raise ValueError('a size is a number with its unit, such as "500MB", "1GB" or "2TB"')


@dataclass(frozen=True)
class Shape:
    """The shape of a text, and the sentence for one that does not have it: people read that, editors the pattern."""

    pattern: str
    sentence: str  # what is wrong; what would be right

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._held, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}

    def _held(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            raise ValueError(f"'{text}' is {self.sentence}")
        return text


Duration = Annotated[timedelta, BeforeValidator(_duration)]
SomeTime = Annotated[Duration, AfterValidator(_some_time)]
"""A duration that is not zero: with zero it would never begin, never end, or turn in a circle."""
Size = Annotated[
    int, BeforeValidator(_size, json_schema_input_type=Annotated[str, StringConstraints(pattern=f"^{_SIZE}$")])
]
"""Bytes, written with their unit."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Variable = Annotated[str, StringConstraints(pattern=_VARIABLE)]
"""The name of an environment variable."""
Web = Annotated[
    str, Shape(r"^https?://[^\s<>|]+$", "no address; it begins with https:// or http://, and has no spaces in it")
]
"""An address of http or https."""


def is_variable(text: str) -> bool:
    """Whether it is the name of an environment variable, where an address may stand too."""
    return re.match(_VARIABLE, text) is not None


class Part(BaseModel):
    """A mapping of the file; unknown keys are faults."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        populate_by_name=True,
    )
