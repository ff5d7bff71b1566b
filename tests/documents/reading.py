"""Reading documents in tests: the steps that these tests know, and short ways to ask."""

from textwrap import dedent
from typing import Self

import pytest
from pydantic import BaseModel, Field, model_validator

from bot.kinds import known
from runbooks.documents.errors import DocumentError
from runbooks.documents.parse import parse
from runbooks.documents.runbook import Runbook
from runbooks.steps.base import Params


class WaitParams(Params):
    """A step of the tests' own, with a number in it."""

    seconds: int = Field(ge=1)
    reason_given: str = ""


class NameParams(Params):
    """A step of the tests' own, with a rule over two values."""

    name: str
    prefix: str

    @model_validator(mode="after")
    def _begins_so(self) -> Self:
        if not self.name.startswith(self.prefix):
            raise ValueError(f"{self.name} does not begin with {self.prefix}")
        return self


KNOWN: dict[str, type[BaseModel] | None] = {**known(), "wait": WaitParams, "name": NameParams, "bare": None}
"""All steps there are, and those of the tests."""


def read(text: str | bytes, path: str = "runbook.md") -> Runbook:
    """The runbook of a text, written with the test's own indentation."""
    return parse(dedent(text) if isinstance(text, str) else text, path=path, known=KNOWN)


def faults(text: str | bytes) -> list[str]:
    """The faults of a text that has some, without the path."""
    with pytest.raises(DocumentError) as caught:
        read(text)
    return [line.removeprefix("runbook.md:") for line in str(caught.value).split("\n")]
