"""The table in docs/rollback.md: where the undo of kubectl ended, and how Opsbot's did, over the same histories."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.twin.judge import RIGHT, lost, where, wrong
from tests.twin.playing import Played

PAGE = Path(__file__).parents[2] / "docs" / "rollback.md"
BEGIN, END = "<!-- make twin writes from here -->", "<!-- to here -->"
_SHORT = 150  # characters of an example


def table(played: Sequence[Played], *, first: int, commit: str) -> str:
    """All of it, in Markdown."""
    return "\n".join(_lines(played, first, commit))


def write(text: str, page: Path = PAGE) -> None:
    """Put it into the page, in place of the one that stands there."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def elsewhere(played: Sequence[Played]) -> list[Played]:
    """Those in which the undo of kubectl did not end in the good template."""
    return [each for each in played if where(each.kubectl) != RIGHT]


def _lines(played: Sequence[Played], first: int, commit: str) -> Iterator[str]:
    total, other = len(played), elsewhere(played)
    yield f"{total} histories from seed {first}, played at `{commit}`."
    yield ""
    yield "| | of them | such as |"
    yield "|---|---|---|"
    for place, count in Counter(where(each.kubectl) for each in played).most_common():
        example = min(
            (each for each in played if where(each.kubectl) == place), key=lambda each: len(str(each.history))
        )
        yield f"| `kubectl rollout undo` → {place} | {count} | {_example(example)} |"
    unsaid = [each for each in played if lost(each.kubectl)]
    yield f"| it overwrote somebody's edit, and said nothing | {len(unsaid)} | {_shortest(unsaid)} |"
    yield f"| Opsbot ended in the good template | {sum(where(each.opsbot) == RIGHT for each in played)} | |"
    kept = [each for each in played if each.opsbot.kept]
    yield f"| it asked, and the person wanted the edits kept: nothing was changed | {len(kept)} | {_shortest(kept)} |"
    yield f"| it overwrote an edit that it had shown or asked about | {sum(bool(lost(e.opsbot)) for e in played)} | |"
    paused = sum(bool(each.opsbot.paused) for each in played)
    yield f"| both refused at first, since it was paused; somebody resumed it | {paused} | |"
    yield f"| Opsbot did something wrong | {sum(any(wrong(each.opsbot)) for each in played)} | |"
    yield ""
    yield f"The undo of kubectl ended elsewhere in {len(other)} of {total}, {round(100 * len(other) / total)} %."


def _shortest(found: Sequence[Played]) -> str:
    return _example(min(found, key=lambda each: len(str(each.history)))) if found else ""


def _example(played: Played) -> str:
    told = str(played.history)
    return f"seed {played.history.seed}: {told if len(told) <= _SHORT else told[:_SHORT] + '…'}"
