"""The report of a gate: one line of JSON in what the service's command prints, behind a mark.

A line, and no file, because a Job shares no disk with the bot.
"""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MARK = "onboarding-report:"
_LONGEST = 65_536  # characters of the line


class NoReport(Exception):
    """The output holds no report, or none that counts; the text goes on the sentence "its report …"."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Check(_Part):
    """One thing that the gate looked at."""

    name: str = Field(min_length=1, max_length=200)
    passed: bool
    detail: str = ""


class Report(_Part):
    """What the gate found; other keys may stand beside these."""

    tenant: str
    gate: str
    passed: bool
    commit: str = ""  # of the release that it looked at, where it says so
    checks: tuple[Check, ...] = Field(min_length=1, max_length=500, strict=False)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)


def report_in(output: str) -> Report | None:
    """The one report in the output; None where there is none. Raises NoReport where it can't be read."""
    found = [line[len(MARK) :] for each in output.splitlines() if (line := each.strip()).startswith(MARK)]
    if not found:
        return None
    if len(found) > 1:
        raise NoReport(f"is not one but {len(found)}")
    if len(found[0]) > _LONGEST:
        raise NoReport(f"is longer than {_LONGEST} characters")
    try:
        return Report.model_validate_json(found[0])
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise NoReport(f"can't be read ({': '.join(filter(None, [where, first['msg']]))})") from fault
