"""What a rehearsal found, in sentences for people: what happened, and what to do. Pure."""

from collections.abc import Mapping, Sequence

from runbooks.rehearsal.blame import Blame, Fault
from runbooks.rehearsal.losses import Extra, Loss
from runbooks.rehearsal.scratch import COMPARED, RehearsalFailed
from runbooks.rehearsal.things import ORDER, POSITION, Difference, Mark, Thing

_LONGEST = 80  # characters of a value that is shown


def short(name: str) -> str:
    """A name as people write it: without the schema that is taken for granted."""
    return name.removeprefix("public.")


def named(thing: Thing) -> str:
    """An object in words: "index orders_by_day on orders"."""
    kind, _, on = thing.on.partition(" ")
    match thing.kind:
        case "privileges" if kind == "default":
            return f"default privileges of {thing.name} ({on})"
        case "privileges":
            return f"privileges of {thing.name} on {where(thing.on)}"
        case "membership":
            return f"membership of {thing.name} in {on}"
        case "database":
            return "the database itself"
        case "column":
            return f"column {thing.name} of {short(on)}"
    return f"{thing.kind} {short(thing.name)}" + (f" on {where(thing.on)}" if kind else "")


def where(label: str) -> str:
    """What an object stands on, in words: of a table its name alone."""
    if not label:
        return ""
    kind, _, name = label.partition(" ")
    return short(name) if kind in ("table", "column") else label.replace(" public.", " ")


def finding(difference: Difference, found: Blame, *, up: str, back: str) -> str:
    """What is left, lost or changed, by which statement, and which script has to handle it."""
    told = _TOLD[found.fault]
    if found.fault is Fault.LEAVES and (difference.mark is Mark.CHANGED or difference.thing.kind == "privileges"):
        told = _LEFT_CHANGED
    elif difference.thing.kind == "privileges":
        told = _PRIVILEGES.get(found.fault, told)
    return told.format(
        what=named(difference.thing),
        cause=f"{found.cause}:{found.line}" if found.line else found.cause,
        place=f"{back}:{found.back_line}" if found.back_line else back,
        up=up,
        back=back,
        changes=_changes(difference.facts) or difference.mark,
    )


_LEFT_CHANGED = "{back} leaves {what} changed ({changes}; by {cause}): change it back there."
_TOLD = {
    Fault.LEAVES: "{back} leaves {what} (made by {cause}): drop it there.",
    Fault.NOT_RESTORED: "{back} does not bring back {what} (dropped by {cause}): make it again there.",
    Fault.RESTORED_OTHERWISE: "{place} does not bring {what} back as it was ({changes}): mend it there.",
    Fault.MAKES: "{cause} makes {what}, which was not there before {up}: leave it out.",
    Fault.DROPS: "{cause} drops {what}, which was there before {up}: leave it, or make it again.",
    Fault.CHANGES: "{cause} does not leave {what} as it was before {up} ({changes}): mend it there.",
    Fault.NOT_AGAIN: "{cause}, run again after {back}, does not do what it did at first: {what} ({changes}).",
}
_PRIVILEGES = {
    Fault.NOT_RESTORED: "{back} does not bring back {what} ({changes}; by {cause}): give or take them there.",
    Fault.MAKES: "{cause} changes {what}, which {up} had left alone ({changes}): leave them.",
    Fault.DROPS: "{cause} changes {what}, which {up} had left alone ({changes}): leave them.",
}


def missing(up: str, back: str, found: int) -> str:
    """A migration without a way back."""
    much = f" There {'is 1 change' if found == 1 else f'are {found} changes'} of the schema to take back." * bool(
        found
    )
    return f"{up} has no way back: write {back}.{much}"


def note(difference: Difference, back: str) -> str:
    """A difference that does no harm."""
    thing = difference.thing
    if POSITION in difference.facts:
        return f"After {back}, {named(thing)} has a gap: numbers were used meanwhile. That does no harm."
    if ORDER in difference.facts:
        return f"After {back}, the columns of {short(thing.name)} stand in another order. Name columns in statements."
    return f"After {back}, {named(thing)} reads otherwise ({_changes(difference.facts)}). That does no harm."


def loss(measured: Loss, back: str) -> str:
    """What there and back costs in rows."""
    whose = "rows written after the way forward" if measured.since else "rows"
    parts = [f"{measured.gone} of {measured.rows} {whose} are gone"] if measured.gone else []
    parts += [f"{name} is another in {count} of {measured.rows} {whose}" for name, count in measured.columns.items()]
    return f"After {back}, data of {short(measured.table)} is lost: {', '.join(parts)}."


def not_valid(thing: Thing, up: str) -> str:
    """An index that is not used."""
    return f"After {up}, {named(thing)} is not valid: no query uses it. Build it again, or attach its parts."


def added(measured: Extra, back: str) -> str:
    """Rows that stay."""
    rows = "1 row" if measured.rows == 1 else f"{measured.rows} rows"
    return (
        f"{back} leaves {rows} in {short(measured.table)} that {'was' if measured.rows == 1 else 'were'} not there."
    )


def unfilled(table: str, why: str, back: str) -> str:
    """A table that had to stay empty."""
    return f"{back} was tried on an empty {short(table)} only: no rows could be put there ({why})."


def in_part(table: str, back: str) -> str:
    """A table with more rows than are compared."""
    return f"After {back}, only the first {COMPARED:,} rows of {short(table)} were compared."


def skipped(up: str, stopper: str, *, with_rows: bool) -> str:
    """A migration that it did not come to."""
    rows = " on tables with rows" if with_rows else ""
    return f"{up} was not tried{rows}: {stopper} before it did not get through."


def half(difference: Difference) -> str:
    """What is left of a file that failed half-way."""
    how = {Mark.LEFT: "stands", Mark.LOST: "is gone", Mark.CHANGED: f"changed: {_changes(difference.facts)}"}
    invalid = ", not valid" if "valid" in difference.facts else ""
    return f"{named(difference.thing)} ({how[difference.mark]}{invalid})"


def failure(cause: RehearsalFailed, turn: str, half_done: Sequence[str], *, with_rows: bool) -> str:
    """A file that failed."""
    place = f"{cause.name}:{cause.line}" if cause.line else cause.name
    told = f"{place} failed ({turn}{', on tables with rows' if with_rows else ''}): {cause.error}."
    return told + (f" It is half done: {', '.join(half_done)}." if half_done else "")


def _changes(facts: Mapping[str, tuple[str, str]]) -> str:
    return "; ".join(f"{fact}: {_value(was)} before, {_value(now)} now" for fact, (was, now) in facts.items())


def _value(text: str) -> str:
    line = short(" ".join(text.split())) or "none"
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
