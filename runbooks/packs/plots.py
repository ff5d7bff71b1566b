"""The plots of a pack, as SVG inside its page: when runs changed production, for how long, and who was waited for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from runbooks.packs.markup import Html, joined, span, tag
from runbooks.packs.period import Period
from runbooks.packs.scales import LEFT, RIGHT, WIDTH, Lengths, Time, lengths
from runbooks.packs.told import RunTold
from runbooks.runs.state import Status

TOP, BOTTOM, HEIGHT = 14.0, 190.0, 222.0
UNCHANGED = 36.0  # below the scale: a strip for runs that changed nothing
LOOKS = {  # how a run ended -> the class and sign of its mark; the sign alone tells it too
    Status.SUCCEEDED: ("good", "circle"),
    Status.FAILED: ("bad", "cross"),
    Status.SUPERSEDED: ("bad", "cross"),
    Status.ABORTED: ("stopped", "square"),
    Status.REJECTED: ("stopped", "square"),
    Status.EXPIRED: ("stopped", "square"),
}
OPEN = ("open", "ring")


def changes(runs: Sequence[RunTold], period: Period) -> Html:
    """Each run at the moment it was asked for, as high as it was changing the environment; none where none ran."""
    shown = [run for run in runs if run.run.ended_at is None or run.run.ended_at >= period.since]
    scale = lengths([run.changing for run in shown if run.changing is not None], top=TOP, bottom=BOTTOM - UNCHANGED)
    time = Time(period)
    strip = joined(
        [
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=BOTTOM - 13, y2=BOTTOM - 13, class_="strip"),
            _label(LEFT - 8, BOTTOM - 9, "no change", "end"),
        ]
    )
    marks = [_run(run, time.x(run.began), scale.y(run.changing) if run.changing else BOTTOM - 13) for run in shown]
    return _picture(
        "Runs: when they were asked for, and for how long they changed the environment",
        [_days(time), _grid(scale), strip, *marks],
    )


def approvals(runs: Sequence[RunTold], period: Period) -> Html:
    """Each wait for approvals that an approval ended, and the middle one of them."""
    waits = [(run, run.waited) for run in runs if run.waited is not None]
    time, scale = Time(period), lengths([wait for _, wait in waits], top=TOP, bottom=BOTTOM)
    drawn = [_days(time), _grid(scale)]
    if waits:
        middle = timedelta(seconds=median(wait.total_seconds() for _, wait in waits))
        y = scale.y(middle)
        drawn.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_n(y), y2=_n(y), class_="middle"))
        drawn.append(_label(WIDTH - RIGHT, y - 6, f"half within {span(middle)}", "end"))
    drawn += [_wait(run, time.x(run.approvals[-1].at), scale.y(wait), wait) for run, wait in waits]
    return _picture("Time to approval: from the moment nothing else was missing", drawn)


def _picture(title: str, drawn: Sequence[object]) -> Html:
    return tag("svg", tag("title", title), *drawn, viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", role="img", aria_label=title)


def _run(run: RunTold, x: float, y: float) -> Html:
    look, shape = LOOKS.get(run.run.status, OPEN)
    shape = "triangle" if shape == "circle" and run.run.command == "rollback" else shape
    named = [_label(x + 9, y + 4, run.run.id, "start")] if look == "bad" and run.changing else []
    what = "rollback" if run.run.command == "rollback" else run.run.command
    said = f"{run.run.id} · {what} {run.run.version} · {run.run.status} · {_day(run.began)}"
    told = f"{said} · {span(run.changing)}" if run.changing else f"{said} · changed nothing"
    return tag(
        "a", tag("g", tag("title", told), _mark(shape, x, y), *named, class_=f"mark {look}"), href=f"#{run.run.id}"
    )


def _wait(run: RunTold, x: float, y: float, wait: timedelta) -> Html:
    said = f"{run.run.id} · approved {_day(run.approvals[-1].at)} · after {span(wait)}"
    stem = tag("line", x1=_n(x), x2=_n(x), y1=_n(y), y2=BOTTOM, class_="stem")
    return tag(
        "a", tag("g", tag("title", said), stem, _mark("circle", x, y), class_="mark wait"), href=f"#{run.run.id}"
    )


def _mark(shape: str, x: float, y: float) -> Html:
    match shape:
        case "cross":
            return tag("path", d=f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10")
        case "triangle":
            return tag("path", d=f"M{x:.1f} {y - 6:.1f}l6 11h-12z", class_="full")
        case "square":
            return tag("rect", x=_n(x - 4.5), y=_n(y - 4.5), width=9, height=9)
        case _:
            return tag("circle", cx=_n(x), cy=_n(y), r=5)


def _grid(scale: Lengths) -> Html:
    return joined(
        joined(
            [
                tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_n(y), y2=_n(y), class_="grid"),
                _label(LEFT - 8, y + 4, name, "end"),
            ]
        )
        for y, name in scale.marks()
    )


def _days(time: Time) -> Html:
    middle = timedelta(hours=12)
    return joined(
        _label(
            time.x(datetime.combine(day, datetime.min.time(), time.period.since.tzinfo) + middle),
            HEIGHT - 8,
            f"{day.day} {day:%b}",
            "middle",
        )
        for day in time.days()
    )


def _label(x: float, y: float, text: str, anchor: str) -> Html:
    return tag("text", text, x=_n(x), y=_n(y), text_anchor=anchor)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _n(number: float) -> str:
    return f"{number:.1f}"
