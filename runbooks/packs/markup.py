"""HTML that can't be broken by what is put into it: everything is escaped unless it is markup already."""

import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_VOID = {"meta", "col", "line", "circle", "rect", "path"}


class Html(str):
    """Text that is markup, and safe."""

    __slots__ = ()


def safe(value: object) -> Html:
    """A value as markup; what no document may hold is shown as a sign of its own."""
    if isinstance(value, Html):
        return value
    return Html(html.escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))))


def tag(name: str, /, *inside: object, **attributes: object) -> Html:
    """An element; `_` ends an attribute's name that Python keeps for itself, and stands for a hyphen elsewhere."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{safe(value)}"' for key, value in attributes.items() if value != ""
    )
    if name in _VOID and not inside:
        return Html(f"<{name}{said}/>")
    return Html(f"<{name}{said}>{joined(inside)}</{name}>")


def joined(parts: Iterable[object], between: str = "") -> Html:
    """One after the other."""
    return Html(between.join(map(safe, parts)))


def table(head: Iterable[object], rows: Iterable[Iterable[object]], **attributes: object) -> Html:
    """A table; the cells of its head name the columns. In a narrow window it scrolls by itself."""
    drawn = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", each, scope="col") for each in head))),
        tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows)),
        **attributes,
    )
    return tag("div", drawn, class_="scroll")


def facts(rows: Iterable[tuple[str, object]]) -> Html:
    """Names with their values; those without one are left out."""
    return tag(
        "dl",
        *(joined([tag("dt", name), tag("dd", value)]) for name, value in rows if value not in ("", None)),
        class_="facts",
    )


def lines(said: Iterable[object]) -> Html:
    """Each on a line of its own."""
    return joined(said, "<br/>")


def moment(at: datetime | None) -> str:
    """A time in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def span(length: timedelta | None) -> str:
    """A length of time with its unit: "0.4 s", "1 m 12 s", "2 h 5 m", "3 d 4 h"."""
    if length is None:
        return ""
    seconds = length.total_seconds()
    if seconds < 10:  # noqa: PLR2004  # where a tenth counts
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} m {rest} s"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} m"


def count(number: int, thing: str) -> str:
    """A number with its thing: "1 run", "4 runs"."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
