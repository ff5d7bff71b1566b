"""The period of an audit pack: both days are in it, and what is no period is said."""

from datetime import UTC, date, datetime

import pytest

from runbooks.packs.period import BadPeriod, read

TODAY = date(2026, 11, 24)


def test_both_days_are_in_it() -> None:
    period = read("2026-11-01", "2026-11-24", TODAY)
    assert (period.since, period.until) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))
    assert period.has(datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC))
    assert not period.has(datetime(2026, 11, 25, tzinfo=UTC))


def test_one_day_is_a_period() -> None:
    assert str(read("2026-11-24", "2026-11-24", TODAY)) == "2026-11-24 to 2026-11-24"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-11-10", "2026-11-09", "The period ends before it starts: 2026-11-09 is before 2026-11-10."),
        (
            "2026-12-01",
            "2026-12-31",
            "The period lies in the future: it starts on 2026-12-01, and today is 2026-11-24",
        ),
        ("2026-11-01", "2026-11-30", "The period ends in the future: on 2026-11-30, and today is 2026-11-24"),
        ("yesterday", "2026-11-09", "“yesterday” is not a date."),
        ("2026-11-31", "2026-12-01", "“2026-11-31” is not a date."),
        ("2026-1-1", "2026-11-09", "“2026-1-1” is not a date."),
        ("01.11.2026", "2026-11-09", "“01.11.2026” is not a date."),
        ("2026-11-01", "2026-11-09T00:00", "“2026-11-09T00:00” is not a date."),
        ("", "2026-11-09", "“” is not a date."),
        ("9999-12-31", "9999-12-31", "“9999-12-31” is not a date."),
        ("0000-00-00", "2026-11-09", "“0000-00-00” is not a date."),
        ("9" * 300, "2026-11-09", f"“{'9' * 39}…” is not a date."),
        ("２０２６-11-01", "2026-11-09", "“２０２６-11-01” is not a date."),
    ],
)
def test_what_is_no_period_is_said(first: str, last: str, said: str) -> None:
    with pytest.raises(BadPeriod) as told:
        read(first, last, TODAY)
    assert told.value.sentence.startswith(said)
