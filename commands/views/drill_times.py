"""The drills of places, a line each: how long the last way back took, and when the next one is due."""

from collections.abc import Iterator, Sequence

from commands.views import words
from runbooks.drills.events import Drilled
from runbooks.drills.state import WELL, Drills, due
from runbooks.durations import WAY_BACK

HELP = """\
`/drill SERVICE [ENVIRONMENT] [VERSION]`\u2003takes an environment forward and back again, once its plan is approved
`/drill`\u2003which environments have drills, how long the way back took, and when the next one is due
`/ops read rollback-drill`\u2003what a drill does, line by line"""


def listed(drills: Sequence[Drills]) -> str:
    """Those of all places that have drills."""
    if not drills:
        return "The catalogue has no environment with drills. Add `drill:` to one that is not production."
    return "\n".join(["*Drills*", *(line for each in drills for line in lines(each))])


def lines(drills: Drills) -> Iterator[str]:
    """The last one, and the next."""
    name = f"*{words.line(drills.service, 90)} {words.line(drills.environment, 90)}*"
    last, good = drills.latest, [each for each in drills.last if each.status == WELL]
    said = [_of(good[-1])] if good else ["no drill has ended well yet"]
    if last is not None and last.status != WELL:
        said.append(f"{last.run} {_ended(last)} {words.moment(last.at)}")
    if (at := due(drills)) is not None:
        said.append(f"next one due {words.moment(at)}")
    yield " · ".join([name, *said])


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
