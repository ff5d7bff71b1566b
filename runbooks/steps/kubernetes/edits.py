"""What others changed in a pod template since it was recorded: field by field, by whom and when. Pure.

The cluster's own managedFields tell who; what this bot set itself is none of it. Values are never told, only names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from runbooks.digests import digest_of
from runbooks.steps.kubernetes.deployments import FIELD_MANAGER, name_of, template_of, uid_of
from runbooks.steps.kubernetes.places import Place, leaves, said, same
from runbooks.vocabulary import Json

_RESTARTED = ("f:metadata", "f:annotations", "f:kubectl.kubernetes.io/restartedAt")
"""The mark of `kubectl rollout restart`: there is nothing in it to be lost."""
_TEMPLATE = ("f:spec", "f:template")
_NEVER = datetime.min.replace(tzinfo=UTC)
_NAMED = 6  # fields of one author that are named before the rest is counted
_KEY = 8  # hex digits that tell one edit from another


@dataclass(frozen=True)
class Edit:
    """One field that somebody else changed; `key` is another one for another value."""

    what: str  # "resources of container api"
    by: str  # the field manager, such as "kubectl-edit"; "" where the cluster does not know
    at: datetime | None
    key: str


def edits(raw: Json, base: Json, target: Json) -> tuple[Edit, ...]:
    """What others changed in a Deployment's template since `base`, and `target` would overwrite.

    A field that nobody set is none: a newer cluster fills in defaults that an older record lacks.
    """
    was, now, then = (dict(leaves(template)) for template in (base, template_of(raw), target))
    owners = Owners(raw["metadata"].get("managedFields") or ())
    found: dict[str, list[Place]] = {}
    for place in dict.fromkeys([*now, *was]):
        others = not same(place, now, was) and not same(place, now, then) and place != _RESTARTED
        if others and not (place in now and owners.are_we(place, added=place not in was)):
            found.setdefault(said(place, was, now), []).append(place)
    return tuple(
        _edit(raw, what, {place: now.get(place) for place in places}, owners) for what, places in found.items()
    )


def _edit(raw: Json, what: str, values: Mapping[Place, Any], owners: "Owners") -> Edit:
    by, at = max(map(owners.of, values), key=lambda each: each[1] or _NEVER)
    set_to = sorted([*place, digest_of(value)] for place, value in values.items())
    return Edit(what, by, at, digest_of([uid_of(raw), what, set_to])[:_KEY])


class Owners:
    """Who set which field, as the object's managedFields say."""

    def __init__(self, entries: Sequence[Json]) -> None:
        self._entries = [one for one in entries if not one.get("subresource")]

    def of(self, place: Place) -> tuple[str, datetime | None]:
        """The last one that set it, and when; "" where nobody is named, as for a field that was removed."""
        found = [(_at(one), _depth(one, place), str(one.get("manager", ""))) for one in self._having(place)]
        at, _, by = max(found, key=lambda each: (each[0] or _NEVER, each[1]), default=(None, 0, ""))
        return by, at

    def are_we(self, place: Place, *, added: bool) -> bool:
        """Whether this bot set the very value that stands there, or the cluster by itself: then nobody did."""
        having = [one.get("manager") for one in self._having(place)]
        return FIELD_MANAGER in having or (added and bool(self._entries) and not having)

    def _having(self, place: Place) -> Iterator[Json]:
        return (one for one in self._entries if _has(one.get("fieldsV1") or {}, (*_TEMPLATE, *place)))


def _has(fields: Mapping[str, Any], place: Sequence[str]) -> bool:
    """Whether a manager's set of fields holds this one, or a whole that it is part of."""
    for token in place:
        if token not in fields:
            return False
        fields = fields[token]
        if not fields:
            return True
    return True


def _depth(entry: Json, place: Place) -> int:
    """How exactly it names the field: of two that set it in one second, the more exact one did so last."""
    fields: Any = entry.get("fieldsV1") or {}
    depth = 0
    for token in (*_TEMPLATE, *place):
        if token not in fields:
            return depth
        fields, depth = fields[token], depth + 1
    return depth + bool(fields)


def _at(entry: Json) -> datetime | None:
    text = entry.get("time")
    return datetime.fromisoformat(text) if text else None


def keys_of(found: Iterable[Edit]) -> list[str]:
    """What a confirmation keeps of them."""
    return [one.key for one in found]


def unseen(found: Iterable[Edit], seen: Iterable[str]) -> tuple[Edit, ...]:
    """Those that nobody was shown."""
    known = frozenset(seen)
    return tuple(one for one in found if one.key not in known)


def mark(raw: Json, found: Sequence[Edit]) -> str:
    """Names exactly these edits of this Deployment."""
    return digest_of([name_of(raw), *sorted(keys_of(found))])[:_KEY]


def told(found: Sequence[Edit]) -> str:
    """`resources of container api (kubectl-edit, 27 Nov 10:03 UTC); env FLAG of container api (nobody knows who)`."""
    by_author = sorted(found, key=_author)
    return "; ".join(f"{_fields(list(same))} ({author})" for author, same in groupby(by_author, key=_author))


def _author(edit: Edit) -> str:
    if not edit.by:
        return "by whom is not known"
    return f"{edit.by}, {edit.at:%-d %b %H:%M} UTC" if edit.at else edit.by


def _fields(found: Sequence[Edit]) -> str:
    names = list(dict.fromkeys(one.what for one in found))
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {more} more field{'' if more == 1 else 's'}" if more > 0 else shown
