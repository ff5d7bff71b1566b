"""Draws for the page what its own drawing leaves as code: dates, groups, @here, `<` in code."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

_DATE = re.compile(r"<!date\^(\d+)\^([^|>^]*)(?:\^[^|>]*)?(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>")
_ALL = re.compile(r"<!(here|channel|everyone)(?:\|[^>]*)?>")
_CODE = re.compile(r"`[^`\\\"]+`")  # within one line of one JSON string
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def drawn(text: str, groups: Mapping[str, str], now: datetime) -> str:
    """Text as a person reads it in the time zone of `now`; `groups` are handles by id."""
    text = _DATE.sub(lambda found: _date(int(found[1]), found[2], now), text)
    text = _GROUP.sub(lambda found: f"@{groups.get(found[1], found[1])}", text)
    text = _CODE.sub(lambda found: found[0].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"), text)
    return _ALL.sub(lambda found: f"@{found[1]}", text)


def _date(seconds: int, form: str, now: datetime) -> str:
    moment = datetime.fromtimestamp(seconds, now.tzinfo)
    day = f"{moment.day} {moment:%B %Y}"
    short = f"{moment.day} {moment:%b %Y}"
    tokens = {
        "{date_num}": f"{moment:%Y-%m-%d}",
        "{date}": day,
        "{date_short}": short,
        "{date_long}": f"{moment:%A}, {day}",
        "{date_pretty}": _pretty(moment, day, now),
        "{date_short_pretty}": _pretty(moment, short, now),
        "{date_long_pretty}": _pretty(moment, f"{moment:%A}, {day}", now),
        "{time}": f"{moment:%H:%M}",
        "{time_secs}": f"{moment:%H:%M:%S}",
        "{ago}": _ago(moment, now),
    }
    for token, value in tokens.items():
        form = form.replace(token, value)
    return form


def _pretty(moment: datetime, otherwise: str, now: datetime) -> str:
    today = now.date()
    near = {today: "today", today - timedelta(days=1): "yesterday", today + timedelta(days=1): "tomorrow"}
    return near.get(moment.date(), otherwise)


def _ago(moment: datetime, now: datetime) -> str:
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    unit, name = next(
        ((u, n) for u, n in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")) if size >= u), (1, "second")
    )
    count = int(size // unit)
    span = f"{count} {name}{'' if count == 1 else 's'}"
    return f"{span} ago" if seconds >= 0 else f"in {span}"
