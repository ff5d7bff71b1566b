"""What all parts of the catalogue share: how they are read, and the kinds of small values in them."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_VARIABLE = r"^[A-Z][A-Z0-9_]*$"


def _duration(value: object) -> object:
    """Read "90s", "30m", "2h", "1d" as a timedelta; everything else is left for pydantic to judge."""
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+)([smhd])", value.strip())):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError('a duration is a number with its unit, such as "90s", "30m", "2h" or "1d"')


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Variable = Annotated[str, StringConstraints(pattern=_VARIABLE)]
"""The name of an environment variable."""


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
