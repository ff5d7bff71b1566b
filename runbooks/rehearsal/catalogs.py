"""How what a database's catalogs say differs from what they said before. Pure.

What a table or role that was left brings with it is not told piece by piece, and what only reads otherwise is no
difference: what counts is what behaves otherwise, or would break a later script that names it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from runbooks.rehearsal.alike import alike
from runbooks.rehearsal.renames import renamed
from runbooks.rehearsal.things import (
    NAME_OF_NOT_NULL,
    ORDER,
    POSITION,
    RELATIONS,
    VIEWS,
    Difference,
    Facts,
    Fingerprint,
    Mark,
    Thing,
)

Pairs = dict[str, tuple[str, str]]
__all__ = ["POSITION", "Difference", "Fingerprint", "Mark", "Thing", "differences", "is_behind"]


def differences(before: Fingerprint, after: Fingerprint) -> tuple[Difference, ...]:
    """What a script left, lost or changed, each once."""
    after, names = renamed(before, after)
    left = {thing for thing in after.things if thing not in before.things}
    lost = {thing for thing in before.things if thing not in after.things}
    changed = _without_following(dict(_changes(before, after)))
    redefined = {thing.label for thing, facts in changed.items() if thing.kind in VIEWS and "definition" in facts}
    found = [_came(thing, after) for thing in _alone(left, after, redefined)]
    found += [_went(thing, before) for thing in _alone(lost, before, redefined)]
    for thing, facts in changed.items():
        if thing.kind != "column" or thing.on not in redefined:
            step = int(before.things[thing].get("increment", "1"))
            grave = {fact: pair for fact, pair in facts.items() if not _is_slight(thing, fact, *pair, step=step)}
            found.append(Difference(Mark.CHANGED, thing, grave or facts, note=not grave))
    found = [_with_name(each, names.pop(each.thing, "")) for each in found]
    for thing, name in names.items():
        note = "part of" in before.things[thing]  # named by the server after the one it belongs to
        found.append(Difference(Mark.CHANGED, thing, {"name": (thing.name, name)}, note=note))
    return tuple(sorted(found, key=lambda d: (d.note, d.thing, d.mark)))


def _came(thing: Thing, after: Fingerprint) -> Difference:
    return Difference(Mark.LEFT, thing, {fact: ("", value) for fact, value in _telling(thing, after).items()})


def _went(thing: Thing, before: Fingerprint) -> Difference:
    return Difference(Mark.LOST, thing, {fact: (value, "") for fact, value in _telling(thing, before).items()})


def _telling(thing: Thing, among: Fingerprint) -> Facts:
    """What has to be said of what came or went, beyond that it did."""
    facts = among.things[thing]
    if thing.kind == "privileges":
        return facts
    return {"valid": "no"} if facts.get("valid") == "no" else {}


def _with_name(difference: Difference, name: str) -> Difference:
    if not name:
        return difference
    facts = {"name": (difference.thing.name, name), **difference.facts}
    return replace(difference, facts=facts, note=False)


def _without_following(changed: dict[Thing, Pairs]) -> dict[Thing, Pairs]:
    """Without what columns and constraints say of inheritance where their table has other parents."""
    moved = {thing.label for thing, facts in changed.items() if "parents" in facts}
    kept = {
        thing: {fact: pair for fact, pair in facts.items() if fact != "inherited" or thing.on not in moved}
        for thing, facts in changed.items()
    }
    return {thing: facts for thing, facts in kept.items() if facts}


def _alone(things: Collection[Thing], among: Fingerprint, redefined: Collection[str]) -> Iterator[Thing]:
    """Those that did not come or go with something else of them, nor with the text of a view."""
    labels = {thing.label for thing in things}
    for thing in things:
        owners = _owners(thing, among.things[thing])
        whole = f"{thing.kind} {among.things[thing].get('part of')}"
        if any(other.label == whole and other != thing for other in things):
            continue
        if not owners & labels and not (thing.kind == "column" and thing.on in redefined):
            yield thing


def _owners(thing: Thing, facts: Mapping[str, str]) -> set[str]:
    """The labels of what it can't be without."""
    owners = {thing.on, f"extension {facts.get('extension')}"}
    where, _, name = thing.on.partition(" ")
    if where == "column":
        owners |= {f"{kind} {_parent(name)}" for kind in RELATIONS}
    if where == "publication":
        owners.add(f"{thing.kind.removeprefix('published ')} {thing.name}")
    if thing.kind in ("membership", "privileges", "user mapping"):
        owners.add(f"role {thing.name}")
    if thing.kind == "privileges" and where == "default":
        owners.add(f"role {name.removeprefix('of ').partition(' for ')[0]}")
        owners.add(f"schema {name.rpartition(' in schema ')[2]}")
    if column := facts.get("owned by"):
        owners |= {f"column {column}", f"table {_parent(column)}"}
    return owners


def _parent(dotted: str) -> str:
    return dotted[: dotted.rindex('."')] if dotted.endswith('"') else dotted.rpartition(".")[0]


def _changes(before: Fingerprint, after: Fingerprint) -> Iterator[tuple[Thing, Pairs]]:
    for thing, was in before.things.items():
        now = after.things.get(thing)
        if now is None or now == was:
            continue
        pairs = {fact: (was.get(fact, ""), now.get(fact, "")) for fact in sorted({*was, *now})}
        facts = {fact: pair for fact, pair in pairs.items() if not _same(thing, fact, pair, was)}
        if facts:
            yield thing, facts


def _same(thing: Thing, fact: str, pair: tuple[str, str], was: Mapping[str, str]) -> bool:
    if pair[0] == pair[1]:
        return True
    if fact == ORDER and thing.kind in RELATIONS:  # who comes and goes is told by itself
        return thing.kind in VIEWS or sorted(pair[0].split(", ")) != sorted(pair[1].split(", "))
    if fact == ORDER and thing.kind == "published table":
        return sorted(pair[0].split(", ")) == sorted(pair[1].split(", "))
    if fact == NAME_OF_NOT_NULL:
        return not all(pair)
    return alike(fact, *pair, kind=thing.kind, facts=was)


def _is_slight(thing: Thing, fact: str, was: str, now: str, *, step: int) -> bool:
    if fact == POSITION:
        return not is_behind(was, now, step=step)
    return fact == NAME_OF_NOT_NULL or (fact == ORDER and thing.kind in RELATIONS)


def is_behind(was: str, now: str, *, step: int = 1) -> bool:
    """Whether a sequence that counts by `step` would, at `now`, give numbers again that it had given at `was`."""
    return (_next(now, step) - _next(was, step)) * step < 0


def _next(position: str, step: int) -> int:
    number, _, pending = position.partition(" ")
    return int(number) + (0 if pending else step)
