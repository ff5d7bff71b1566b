"""Which script should have handled a difference, and which statement brought it about. Pure.

Who did it is told by what the catalogs said between the two scripts; only the line is looked up, by the names that
statements mention.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from runbooks.rehearsal.mentions import bare, words
from runbooks.rehearsal.scratch import File, Pair, Statement
from runbooks.rehearsal.things import POSITION, Difference, Fingerprint, Mark, Thing


class Fault(StrEnum):
    """What a pair of scripts did to an object."""

    LEAVES = "leaves"  # the way forward made or changed it, the way back did not touch it
    NOT_RESTORED = "not-restored"  # the way forward dropped it, the way back does not make it again
    RESTORED_OTHERWISE = "restored-otherwise"  # both touched it, and it is not as it was
    MAKES = "makes"  # the way back made it
    DROPS = "drops"  # the way back dropped what the way forward had not touched
    CHANGES = "changes"  # the way back changed what the way forward had not touched
    NOT_AGAIN = "not-again"  # the way forward, run again after the way back, does not do the same


@dataclass(frozen=True)
class Blame:
    """Lines are those of the file; 0 where no statement names the object."""

    fault: Fault
    cause: str  # the file that brought it about
    line: int
    back_line: int  # where the way back touches it; 0 where it does not


def blame(difference: Difference, pair: Pair, between: Fingerprint) -> Blame:
    """`between` is the fingerprint after the way forward, before the way back."""
    fault = _fault(difference, between)
    forward = fault in (Fault.LEAVES, Fault.NOT_RESTORED, Fault.RESTORED_OTHERWISE)
    back = pair.back.statements if pair.back else ()
    verb = _VERBS[fault]
    if forward or pair.back is None:
        restores = _line(back, difference, "create") if fault is Fault.RESTORED_OTHERWISE else 0
        return Blame(fault, pair.up.name, _line(pair.up.statements, difference, verb), restores)
    line = _line(back, difference, verb)
    return Blame(fault, pair.back.name, line, line)


def _fault(difference: Difference, between: Fingerprint) -> Fault:
    now = between.things.get(difference.thing)
    if difference.mark is Mark.LEFT:
        return Fault.LEAVES if now is not None else Fault.MAKES
    if difference.mark is Mark.LOST:
        return Fault.NOT_RESTORED if now is None else Fault.DROPS
    if now is None:
        return (
            Fault.LEAVES
            if "name" in difference.facts and _is_there(difference, between)
            else Fault.RESTORED_OTHERWISE
        )
    if "name" in difference.facts:
        return Fault.CHANGES
    touched = [(now.get(fact, ""), *pair) for fact, pair in difference.facts.items()]
    if all(at == before for at, before, _ in touched):
        return Fault.CHANGES
    return Fault.LEAVES if all(at == after for at, _, after in touched) else Fault.RESTORED_OTHERWISE


def _is_there(difference: Difference, between: Fingerprint) -> bool:
    thing = difference.thing
    return Thing(thing.kind, difference.facts["name"][1], thing.on) in between.things


def sets_position(files: Iterable[File | None], sequence: Thing, owned_by: str) -> tuple[str, int] | None:
    """The file and line of the statement that puts this sequence somewhere on purpose."""
    names = {bare(sequence.name), bare(owned_by.rpartition(".")[0])} - {""}
    for file in filter(None, files):
        for statement in file.statements:
            said = words(statement.text)
            if said & names and said & {"setval", "restart"}:
                return file.name, statement.line
    return None


def not_again(difference: Difference, up: File) -> Blame:
    """Of what the way forward does otherwise when it is run a second time."""
    line = _line(up.statements, difference, "create")
    return Blame(Fault.NOT_AGAIN, up.name, line, 0)


_VERBS = {
    Fault.LEAVES: "create",
    Fault.MAKES: "create",
    Fault.NOT_RESTORED: "drop",
    Fault.DROPS: "drop",
    Fault.RESTORED_OTHERWISE: "drop",
    Fault.CHANGES: "alter",
    Fault.NOT_AGAIN: "create",
}
_SUIT: Mapping[str, frozenset[str]] = {
    "create": frozenset({"create", "add", "grant", "attach"}),
    "drop": frozenset({"drop", "revoke", "detach"}),
    "alter": frozenset({"alter", "set", "replace", "comment", "enable", "disable", "owner", "setval", "restart"}),
}
_KINDS: Mapping[str, frozenset[str]] = {
    "column": frozenset({"add", "drop", "column", "table"}),
    "constraint": frozenset({"constraint", "check", "unique", "primary", "foreign", "references", "exclude"}),
    "privileges": frozenset({"grant", "revoke", "privileges"}),
    "membership": frozenset({"grant", "revoke", "role"}),
    "enum": frozenset({"type", "value"}),
    "composite type": frozenset({"type", "attribute"}),
    "published table": frozenset({"publication"}),
    "published schema": frozenset({"publication"}),
}
_LONGEST = 200  # characters of a fact whose words tell something
_OWN, _PARENT, _KIND, _FACT, _VERB = 16, 8, 4, 2, 1


def _line(statements: Iterable[Statement], difference: Difference, verb: str) -> int:
    """The line of the statement that most likely did it; of equals the last for a change, else the first."""
    if difference.mark is Mark.CHANGED and verb == "create":
        verb = "alter"
    scored = [(_score(words(s.text), difference, verb), s.line) for s in statements]
    best = max((score for score, _ in scored), default=0)
    lines = [line for score, line in scored if score == best]
    return 0 if best == 0 else lines[-1 if difference.mark is Mark.CHANGED else 0]


def _score(said: frozenset[str], difference: Difference, verb: str) -> int:
    thing = difference.thing
    own = {"database"} if thing.kind == "database" else {bare(thing.name), thing.name.lower()}
    own |= {bare(now) for _, now in _renames(difference)}
    parent = {bare(thing.on.rpartition(" ")[2])} if thing.on else set()
    score = _OWN * bool(said & own) + _PARENT * bool(said & parent)
    if not score:
        return _VERB if verb == "drop" and "cascade" in said else 0
    kinds = _KINDS.get(thing.kind, frozenset(thing.kind.split()))
    facts = {word for fact in difference.facts for word in _FACT_WORDS.get(fact, fact).split()} | _other_words(
        difference
    )
    return (
        score
        + _KIND * bool(said & kinds)
        + _FACT * bool(said & facts - own - parent)
        + _VERB * bool(said & _SUIT[verb])
    )


_FACT_WORDS = {
    "row level security": "row security",
    "validated": "validate valid",
    "values": "value",
    "settings": "set",
    POSITION: "setval restart",
}


def _other_words(difference: Difference) -> frozenset[str]:
    """The words in which what was differs from what is: a statement that has them is likely the one."""
    pairs = [pair for pair in difference.facts.values() if max(map(len, pair)) <= _LONGEST]
    return frozenset[str]().union(*(words(was) ^ words(now) for was, now in pairs))


def _renames(difference: Difference) -> list[tuple[str, str]]:
    return [pair for fact, pair in difference.facts.items() if fact == "name"]
