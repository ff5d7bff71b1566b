"""What a service is measured by: queries to Prometheus, what they may come to after a deploy, and the watch."""

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from runbooks.catalogue.parts import Duration, Part, SomeTime

Address = Annotated[str, StringConstraints(pattern=r"^(https?://\S+|[A-Z][A-Z0-9_]*)$")]
"""An address, or the name of the environment variable that holds it."""

PLACEHOLDERS = ("service", "environment", "namespace", "window")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


class Direction(StrEnum):
    """Which way is worse."""

    LOWER = "lower-is-better"
    HIGHER = "higher-is-better"


@dataclass(frozen=True)
class Tolerance:
    """How much worse than its baseline a value may be: percent of the baseline, or so many of its own unit."""

    amount: float
    percent: bool = False

    def of(self, baseline: float) -> float:
        """In the value's own unit."""
        return abs(baseline) * self.amount / 100 if self.percent else self.amount

    def __str__(self) -> str:
        return f"{self.amount:g} %" if self.percent else f"{self.amount:g}"


def _tolerance(value: object) -> object:
    if isinstance(value, Tolerance):
        return value
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*(%?)", text)
    if found is None:
        raise ValueError(
            'a tolerance is percent of the baseline, such as "20%", or a number in the unit of the value'
        )
    return Tolerance(float(found[1]), bool(found[2]))


class Kpi(Part):
    """A number that says how well the service does. `query` is PromQL whose one series is the value in `unit`."""

    title: str = Field(min_length=1, max_length=60)
    query: str = Field(min_length=1)
    unit: str = Field(default="", max_length=12)
    direction: Direction
    tolerance: Annotated[Tolerance, BeforeValidator(_tolerance)]
    baseline: Literal["before"] | float = "before"  # what it was before the deploy, or a number in `unit`
    window: SomeTime = timedelta(minutes=5)  # what `${window}` in the query is; looked at so long after

    @field_validator("query")
    @classmethod
    def _known_placeholders(cls, query: str) -> str:
        unknown = next((name for name in _PLACEHOLDER.findall(query) if name not in PLACEHOLDERS), None)
        if unknown is not None:
            known = ", ".join(f"${{{name}}}" for name in PLACEHOLDERS)
            raise ValueError(f"${{{unknown}}} is not known in a query; these are: {known}")
        return query

    @field_validator("baseline")
    @classmethod
    def _finite(cls, baseline: float | str) -> float | str:
        if isinstance(baseline, float) and not math.isfinite(baseline):
            raise ValueError('a baseline is "before", or a number')
        return baseline

    @property
    def windowed(self) -> bool:
        """Whether the query measures over `window`, so that this is the time that its value is of."""
        return "window" in _PLACEHOLDER.findall(self.query)

    def query_in(self, *, service: str, environment: str, namespace: str) -> str:
        """The query with its placeholders filled: names of the catalogue, and the window in seconds."""
        known = {
            "service": service,
            "environment": environment,
            "namespace": namespace,
            "window": f"{int(self.window.total_seconds())}s",
        }
        return _PLACEHOLDER.sub(lambda found: known[found[1]], self.query)


class Watch(Part):
    """How long a release is looked on after it was deployed, how often, and how long a bad sign lasts to count."""

    length: Duration = Field(default=timedelta(minutes=30), alias="for")
    every: SomeTime = timedelta(seconds=30)
    grace: Duration = timedelta(minutes=2)
