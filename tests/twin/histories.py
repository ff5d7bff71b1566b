"""What happens to a Deployment before somebody wants the good release back: generated from a seed. Pure.

The weights are guesses at an ordinary team's months, written down here so that they can be argued with. They are not
chosen to make either way of going back look bad: two histories of three have one bad deploy and nothing special.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Op:
    """One thing that somebody does; `detail` is a version, a kind of edit, or a number."""

    what: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.detail}".strip()


@dataclass(frozen=True)
class History:
    """From the first release to the wish to go back; `late` happens after the question is shown, before the click.

    `by_itself`: nobody is shown anything before, as when a deploy fails and the rollback answers it.
    `agrees`: what a person says who is asked whether others' changes may be overwritten.
    """

    seed: int
    keeps: int  # revisionHistoryLimit
    replicas: int
    ops: tuple[Op, ...]
    late: tuple[Op, ...] = ()
    by_itself: bool = False
    agrees: bool = True

    def __str__(self) -> str:
        told = [f"v1 is good (keeps {self.keeps})", *map(str, self.ops), *(f"late: {op}" for op in self.late)]
        return ", ".join(told)


GOOD, BAD, SETTLES = "good deploy", "bad deploy", "settles"
EDIT, SCALE, AUTOSCALE, PAUSE, PRUNE, BY_HAND, REPLACE = (
    "edit",
    "scale to",
    "autoscaler",
    "pause",
    "prune",
    "kubectl undo",
    "replaced by a manifest of",
)
KEEPS = {10: 75, 3: 12, 1: 8, 0: 5}
GOODS_BEFORE = {0: 35, 1: 35, 2: 20, 3: 10}
BADS = {1: 70, 2: 22, 3: 8}
QUALITIES = {"crash": 45, "never-ready": 20, "wrong": 35}
"""Pods that crash, that never get ready, that run and answer nonsense."""
EDITS = {"env": 30, "resources": 25, "image": 15, "restart": 10, "annotation": 8, "sidecar": 6, "probe": 6}
INTERVENTIONS = {EDIT: 30, SCALE: 25, AUTOSCALE: 10, PAUSE: 8, PRUNE: 6, BY_HAND: 10, REPLACE: 2}
"""What else happens around a bad deploy, in so many of a hundred histories each."""
HASTE = 15  # of a hundred deploys, those after which nobody waits until the controllers have taken them up
LATE, BY_ITSELF, KEEP = 10, 30, 25  # of a hundred


def history(seed: int) -> History:
    """The history of this seed."""
    chance = Random(seed)  # noqa: S311  # a course of events, no secret
    goods = [Op(GOOD, f"v{number}") for number in range(2, 2 + _pick(chance, GOODS_BEFORE))]
    bads = [Op(BAD, f"v{len(goods) + 2 + n}-{_pick(chance, QUALITIES)}") for n in range(_pick(chance, BADS))]
    ops: list[Op] = []
    for deploy in (*goods, *bads):
        ops += [deploy, *([Op(SETTLES)] if deploy.what == GOOD or chance.random() * 100 >= HASTE else [])]
    first_bad = ops.index(bads[0])
    for what in (what for what, often in INTERVENTIONS.items() if chance.random() * 100 < often):
        place = chance.randint(_earliest(what, first_bad), len(ops))
        ops[place:place] = list(_intervention(chance, what))
    return History(
        seed,
        keeps=_pick(chance, KEEPS),
        replicas=chance.randint(1, 3),
        ops=tuple(ops),
        late=tuple(_intervention(chance, EDIT)) if chance.random() * 100 < LATE else (),
        by_itself=chance.random() * 100 < BY_ITSELF,
        agrees=chance.random() * 100 >= KEEP,
    )


def _earliest(what: str, first_bad: int) -> int:
    """People undo, pause, and apply an old manifest once something is bad; the rest happens whenever it happens."""
    return first_bad + 1 if what in (BY_HAND, PAUSE, REPLACE) else 0


def _intervention(chance: Random, what: str) -> Iterator[Op]:
    match what:
        case "edit":
            yield Op(EDIT, _pick(chance, EDITS))
        case "scale to":
            yield Op(SCALE, str(chance.choice((0, 1, 2, 4, 5))))
        case "autoscaler":
            yield Op(AUTOSCALE, str(chance.choice((2, 4))))
        case "replaced by a manifest of":
            yield Op(REPLACE, "v1")
        case "kubectl undo":
            yield from (Op(SETTLES), Op(BY_HAND))
        case _:
            yield Op(what)


def _pick(chance: Random, weights: Mapping[T, int]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]
