"""Objects that are there as before, under another name. Pure.

What mentions a table or column by its new name reads otherwise too: that follows, and is no difference of its own.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from runbooks.rehearsal.alike import alike
from runbooks.rehearsal.things import NAME_OF_NOT_NULL, POSITION, RELATIONS, Fingerprint, Thing

_COMPARED = (
    "index",
    "constraint",
    "trigger",
    "policy",
    "rule",
    "statistics",
    "sequence",
    "enum",
    "domain",
    "composite type",
)
_ASIDE = (POSITION, NAME_OF_NOT_NULL)
Facts = Mapping[str, str]


def renamed(before: Fingerprint, after: Fingerprint) -> tuple[Fingerprint, dict[Thing, str]]:
    """`after` with the names of before, and for each object that was renamed its name now.

    Only what is beyond doubt: one object of its kind is gone, one came, and they say the same.
    """
    names: dict[Thing, str] = {}
    for kinds in (RELATIONS, ("column",), _COMPARED):
        for old, new in _pairs(before, after, kinds):
            names[old] = new.name
            after = _with_old_name(after, old, new)
    return after, names


def _pairs(before: Fingerprint, after: Fingerprint, kinds: Collection[str]) -> Iterator[tuple[Thing, Thing]]:
    lost = [t for t in before.things if t.kind in kinds and t not in after.things]
    left = [t for t in after.things if t.kind in kinds and t not in before.things]
    for old in lost:
        found = [new for new in left if _says_the_same(old, new, before, after)]
        rivals = [other for other in lost if found and _says_the_same(other, found[0], before, after)]
        if len(found) == len(rivals) == 1:
            yield old, found[0]


def _says_the_same(old: Thing, new: Thing, before: Fingerprint, after: Fingerprint) -> bool:
    if (old.kind, old.on) != (new.kind, new.on):
        return False
    was, now = before.things[old], after.things[new]
    if old.kind in RELATIONS and _columns(old, before) != _columns(new, after):
        return False
    return all(
        fact in _ASIDE or alike(fact, was.get(fact, ""), now.get(fact, ""), kind=old.kind, facts=was)
        for fact in {*was, *now}
    )


def _columns(relation: Thing, among: Fingerprint) -> dict[str, dict[str, str]]:
    return {
        thing.name: {fact: value for fact, value in facts.items() if fact not in _ASIDE}
        for thing, facts in among.things.items()
        if thing.kind == "column" and thing.on == relation.label
    }


def _with_old_name(among: Fingerprint, old: Thing, new: Thing) -> Fingerprint:
    if old.kind in RELATIONS:
        whole, bare = _word(new.name), re.compile(rf"(?<![\w.\"]){re.escape(_last(new.name))}(?=\.)")
        return Fingerprint(
            {
                Thing(t.kind, whole.sub(old.name, t.name), whole.sub(old.name, t.on)): {
                    fact: bare.sub(_last(old.name), whole.sub(old.name, value)) for fact, value in facts.items()
                }
                for t, facts in among.things.items()
            }
        )
    if old.kind != "column":
        return Fingerprint({old if t == new else t: facts for t, facts in among.things.items()})
    word, table = _word(new.name, dotted=True), old.on.partition(" ")[2]
    touched = {
        t: facts
        for t, facts in among.things.items()
        if t.on in (old.on, new.label)
        or t.label == old.on
        or table == t.name
        or any(_word(table).search(value) for value in facts.values())
    }
    put_back = {
        old if t == new else replace(t, on=old.label if t.on == new.label else t.on): {
            fact: word.sub(old.name, value) for fact, value in facts.items()
        }
        for t, facts in touched.items()
    }
    return Fingerprint({**{t: f for t, f in among.things.items() if t not in touched}, **put_back})


def _word(name: str, *, dotted: bool = False) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w\"{'' if dotted else '.'}]){re.escape(name)}(?![\w\"])")


def _last(name: str) -> str:
    return name[name.rindex('."') + 1 :] if name.endswith('"') and '."' in name else name.rpartition(".")[2]
