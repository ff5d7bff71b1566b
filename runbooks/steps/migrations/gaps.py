"""What a rehearsal leaves to its approvers: tables it could not try, and data that does not come back.

How much data that is was measured on made-up rows; here it is counted in the real database, as it is now.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from runbooks.rehearsal.mentions import parts
from runbooks.rehearsal.sentences import short
from runbooks.rehearsal.verdict import Judged, MeasuredLoss, Verdict
from runbooks.steps.base import Site
from runbooks.steps.migrations.counting import Counter, counts_of, told
from runbooks.steps.migrations.losses import Loss


@dataclass(frozen=True)
class Gap:
    """One of them."""

    key: str  # of the catalogue's `way-back`, which says what is made of it
    sentence: str


async def gaps(verdict: Verdict, site: Site, database: Counter) -> tuple[Gap, ...]:
    """All of them, in the order of the migrations."""
    lost = {each.migration: list(dict.fromkeys(_lost(each))) for each in verdict.migrations}
    counts = await counts_of(database, site, [loss for losses in lost.values() for loss in losses if loss.table])
    found = []
    for each in verdict.migrations:
        found += [Gap("untried", untried.sentence) for untried in each.untried]
        found += [
            Gap("losses", f"{told(loss, counts) if loss.table else loss.what}.") for loss in lost[each.migration]
        ]
    return tuple(found)


def refused(found: tuple[Gap, ...], site: Site) -> str:
    """Why the catalogue does not let the deploy go on with these, in sentences; "" where it does."""
    settings = site.service.migrations
    keys = [key for key in ("untried", "losses") if settings and getattr(settings.way_back, key) == "refuse"]
    said = [gap for gap in found if gap.key in keys]
    named = " and ".join(f"`migrations.way-back.{key}`" for key in keys if any(gap.key == key for gap in said))
    return " ".join([*(gap.sentence for gap in said), f"The catalogue refuses it ({named})."]) if said else ""


def _lost(judged: Judged) -> Iterator[Loss]:
    """What does not come back; what is lost of later rows alone nobody can count yet, so it has no table here."""
    before = [loss for loss in judged.losses if not loss.since]
    for loss in before:
        yield from _counted(loss, judged.back)
    for loss in judged.losses:
        known = {column for each in before if each.table == loss.table for column in each.columns}
        gone = loss.gone and not any(each.gone for each in before if each.table == loss.table)
        columns = [column for column in loss.columns if column not in known]
        if loss.since and (gone or columns):
            what = ", ".join([*(["rows"] if gone else []), *(f"values of {column}" for column in columns)])
            yield Loss(
                f"{judged.back} loses {what} of what is written to {short(loss.table)} after {judged.migration}"
            )


def _counted(loss: MeasuredLoss, back: str) -> Iterator[Loss]:
    table, name = parts(loss.table), short(loss.table)
    whole = Loss(f"{back} does not bring back rows of {name}", table)
    if loss.gone:
        yield whole
    for column in loss.columns:
        (bare,) = parts(column)
        yield replace(whole, what=f"{back} does not bring back values of {name}.{column}", column=bare)
