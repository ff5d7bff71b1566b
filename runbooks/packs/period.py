"""The period of an audit pack: days in UTC, both included."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


class BadPeriod(Exception):
    """What was typed is no period that can be audited; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Period:
    """From the start of `first` to the end of `last`."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last, time(), UTC) + timedelta(days=1)

    def has(self, at: datetime) -> bool:
        """Whether that moment is in it."""
        return self.since <= at < self.until

    def __str__(self) -> str:
        """Such as "2026-11-01 to 2026-11-30"."""
        return f"{self.first} to {self.last}"


def read(first: str, last: str, today: date) -> Period:
    """The period that was typed as two dates. Raises BadPeriod."""
    period = Period(_day(first), _day(last))
    if period.last < period.first:
        raise BadPeriod(f"The period ends before it starts: {last} is before {first}. The first day comes first.")
    if period.first > today:
        raise BadPeriod(f"The period lies in the future: it starts on {first}, and today is {today} in UTC.")
    if period.last > today:
        raise BadPeriod(
            f"The period ends in the future: on {last}, and today is {today} in UTC. "
            "A pack is made of what has happened; end it today or earlier."
        )
    return period


def _day(typed: str) -> date:
    shown = typed if len(typed) <= 40 else f"{typed[:39]}…"  # noqa: PLR2004  # characters
    try:
        day = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadPeriod(f"“{shown}” is not a date. Dates are written as 2026-11-24: year, month, day.") from None
    if typed != day.isoformat() or day == date.max:
        raise BadPeriod(f"“{shown}” is not a date. Dates are written as 2026-11-24: year, month, day.")
    return day
