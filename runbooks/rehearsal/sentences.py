"""What a rehearsal found, in sentences for people: what happened, and what to do. Pure."""

from collections.abc import Mapping, Sequence

from runbooks.rehearsal.blame import Blame, Fault
from runbooks.rehearsal.losses import Extra, Loss
from runbooks.rehearsal.scratch import RehearsalFailed
from runbooks.rehearsal.things import ORDER, POSITION, Difference, Mark, Thing

_LONGEST = 80  # characters of a value that is shown


def short(name: str) -> str:
    """A name as people write it: without the schema that is taken for granted."""
    return name.removeprefix("public.")


def named(thing: Thing) -> str:
    """An object in words: "index orders_by_day on orders"."""
    kind, _, on = thing.on.partition(" ")
    match thing.kind:
        case "privileges":
            return f"privileges of {thing.name} on {_where(thing.on)}"
        case "membership":
            return f"membership of {thing.name} in {on}"
        case "database":
            return "the database itself"
        case "column":
            return f"column {thing.name} of {short(on)}"
    return f"{thing.kind} {short(thing.name)}" + (f" on {_where(thing.on)}" if kind else "")


def _where(label: str) -> str:
    kind, _, name = label.partition(" ")
    return short(name) if kind in ("table", "column") else f"{kind} {short(name)}"


def finding(difference: Difference, found: Blame, *, up: str, back: str) -> str:
    """What is left, lost or changed, by which statement, and which script has to handle it."""
    what, cause = named(difference.thing), f"{found.cause}:{found.line}" if found.line else found.cause
    match found.fault:
        case Fault.LEAVES if difference.mark is Mark.CHANGED:
            return f"{back} leaves {what} changed ({_changes(difference.facts)}; by {cause}): change it back there."
        case Fault.LEAVES:
            return f"{back} leaves {what} (made by {cause}): {_undo(difference.thing)} there."
        case Fault.NOT_RESTORED:
            return f"{back} does not bring back {what} (dropped by {cause}): make it again there."
        case Fault.RESTORED_OTHERWISE:
            place = f"{back}:{found.back_line}" if found.back_line else back
            return f"{place} does not bring {what} back as it was ({_changes(difference.facts)}): mend it there."
        case Fault.MAKES:
            return f"{cause} makes {what}, which was not there before {up}: leave it out."
        case Fault.DROPS:
            return f"{cause} drops {what}, which was there before {up}: leave it, or make it again."
        case Fault.NOT_AGAIN:
            how = f" ({_changes(difference.facts)})" if difference.facts else f" ({difference.mark})"
            return (
                f"{cause}, run again after {back}, does not do the same: {what}{how}. Take IF NOT EXISTS out of it."
            )
        case Fault.CHANGES:
            return f"{cause} changes {what}, which {up} had left alone ({_changes(difference.facts)}): leave it."


def _undo(thing: Thing) -> str:
    return "revoke" + (" it" if thing.kind == "membership" else " them") if thing.kind in _GRANTED else "drop it"


_GRANTED = ("privileges", "membership")


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
    return f"After {back}, {named(thing)} is there, but {_changes(difference.facts)}. That does no harm."


def loss(measured: Loss, back: str) -> str:
    """What the way back takes from rows."""
    whose = "rows written after the way forward" if measured.since else "rows"
    parts = [f"{measured.gone} of {measured.rows} {whose} are gone"] if measured.gone else []
    parts += [f"{name} is another in {count} of {measured.rows} {whose}" for name, count in measured.columns.items()]
    return f"{back} loses data of {short(measured.table)}: {', '.join(parts)}."


def added(measured: Extra, back: str) -> str:
    """Rows that stay."""
    rows = "1 row" if measured.rows == 1 else f"{measured.rows} rows"
    return (
        f"{back} leaves {rows} in {short(measured.table)} that {'was' if measured.rows == 1 else 'were'} not there."
    )


def unfilled(table: str, why: str, back: str) -> str:
    """A table that had to stay empty."""
    return f"{back} was tried on an empty {short(table)} only: no rows could be put there ({why})."


def half(difference: Difference) -> str:
    """What is left of a file that failed half-way."""
    how = {Mark.LEFT: "stands", Mark.LOST: "is gone", Mark.CHANGED: f"changed: {_changes(difference.facts)}"}
    return f"{named(difference.thing)} ({how[difference.mark]})"


def failure(cause: RehearsalFailed, turn: str, half_done: Sequence[str], *, with_rows: bool) -> str:
    """A file that failed."""
    place = f"{cause.name}:{cause.line}" if cause.line else cause.name
    told = f"{place} failed ({turn}{', on tables with rows' if with_rows else ''}): {cause.error}."
    return told + (f" It is half done: {', '.join(half_done)}." if half_done else "")


def _changes(facts: Mapping[str, tuple[str, str]]) -> str:
    return "; ".join(f"{_fact(fact)} was {_value(was)}, is {_value(now)}" for fact, (was, now) in facts.items())


def _fact(fact: str) -> str:
    return "its " + fact if fact in ("name", "owner", "comment", "default", "type", "definition") else fact


def _value(text: str) -> str:
    line = " ".join(text.split()) or "none"
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
