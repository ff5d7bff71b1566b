"""The drills of places, a line each: how long the last way back took, and when the next one is due."""

from collections.abc import Iterator, Mapping, Sequence

from commands.views import words
from commands.views.plots import Panel, Picture
from runbooks.drills.events import Drilled
from runbooks.drills.state import WELL, Drills, due
from runbooks.durations import WAY_BACK
from runbooks.runs.state import Run

_PANELS = 4  # places in one picture
HELP = """\
`/drill SERVICE [ENVIRONMENT] [VERSION]`\u2003takes an environment forward and back again, once its plan is approved
`/drill`\u2003which environments have drills, how long the way back took, and when the next one is due
`/ops read rollback-drill`\u2003what a drill does, line by line"""


def listed(drills: Sequence[Drills], going: Mapping[tuple[str, str], Run] | None = None) -> str:
    """Those of all places that have drills; `going`: the ones that have begun, by service and environment."""
    if not drills:
        return "The catalogue has no environment with drills. Add `drill:` to one that is not production."
    runs = going or {}
    found = (line for each in drills for line in lines(each, runs.get((each.service, each.environment))))
    return "\n".join(["*Drills*", *found])


def lines(drills: Drills, run: Run | None = None) -> Iterator[str]:
    """The last one, and the one that goes on, or else the next."""
    name = f"*{words.line(drills.service, 90)} {words.line(drills.environment, 90)}*"
    last, good = drills.latest, [each for each in drills.last if each.status == WELL]
    said = [_of(good[-1])] if good else ["no drill has ended well yet"]
    if last is not None and last.status != WELL:
        said.append(f"{last.run} {_ended(last)} {words.moment(last.at)}")
    if run is not None:
        said.append(f"{run.id} waits for its approval" if run.waits_for_approval else f"{run.id} is under way")
    elif (at := due(drills)) is not None:
        said.append(f"next one due {words.moment(at)}")
    yield " · ".join([name, *said])


def picture(drills: Sequence[Drills]) -> Picture | None:
    """How long each way back took, a panel for each place; None where none has ended well yet."""
    panels = tuple(panel for each in drills if (panel := _panel(each)) is not None)[:_PANELS]
    if not panels:
        return None
    alt = "; ".join(f"{panel.title}: {panel.said}, {panel.bound}" for panel in panels)
    last = max(each.last[-1].run for each in drills if each.last)
    return Picture(f"drills-{last}.png", words.line(alt, 1900), panels)


def _panel(drills: Drills) -> Panel | None:
    points = tuple((each.at.timestamp(), each.back) for each in drills.last if each.status == WELL and each.back)
    if not points:
        return None
    back, limit = points[-1][1], WAY_BACK.total_seconds()
    return Panel(
        title=f"Way back of {drills.service} {drills.environment}, in seconds",
        said=f"{seconds(back)} in the last drill",
        bound="at most five minutes",
        limit=limit,
        good=back <= limit,
        verdict="well" if back <= limit else "longer than it may be",
        before=(),
        after=points,
        divided=False,
    )


def _of(drill: Drilled) -> str:
    back = f"back in {seconds(drill.back)}" if drill.back is not None else "back"
    late = ", over the five minutes" if drill.back is not None and drill.back > WAY_BACK.total_seconds() else ""
    return f"{back}{late} · {drill.run}, by way of {words.line(drill.version, 90)}, {words.moment(drill.at)}"


def _ended(drill: Drilled) -> str:
    said = {"expired": "was not approved in time", "superseded": "was stopped for a rollback", "failed": "failed"}
    return said.get(drill.status, f"was {drill.status}")


def seconds(length: float) -> str:
    """A length of time as people read it: "41 s", "2 m 3 s"."""
    whole = round(length)
    return f"{whole} s" if whole < 60 else f"{whole // 60} m {whole % 60} s"  # noqa: PLR2004  # a minute
