"""The three places outside: a knob each, quick, slow, or breaking with new versions or all.."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runbooks.steps.base import Params, Resolved, Site, Step, Turn, Untouched
from runbooks.vocabulary import Cut, Done, Failed, Fenced, Json, NotDone, Outcome, Pending
from tests.engine import knob


@dataclass
class Outside:
    """What an outsider sees."""

    clock: Callable[[], datetime]
    pass_by: Callable[[str], Awaitable[None]]
    mood: dict[tuple[str, str], str] = field(default_factory=dict)  # else quick
    effects: list[str] = field(default_factory=list)
    refused: set[tuple[str, int]] = field(default_factory=set)
    fences: Counter[tuple[str, str]] = field(default_factory=Counter)

    def fence(self, site: Site, epoch: int) -> None:
        self.fences[place(site)] = max(self.fences[place(site)], epoch)


def place(site: Site) -> tuple[str, str]:
    return site.service_name, site.environment_name


class Knob(Step):
    """Changes the place, and can read whether it did."""

    uses = "knob"
    changes = True
    cut = Cut.RECONCILES

    def __init__(self, outside: Outside) -> None:
        self.outside = outside

    async def resolve(self, params: Params, site: Site) -> Resolved:
        return Resolved({"to": site.version})

    async def start(self, turn: Turn) -> Outcome:
        outside, here = self.outside, place(turn.site)
        await outside.pass_by("effect")
        if turn.epoch < outside.fences[here]:
            outside.refused.add((turn.key, turn.epoch))
            raise Fenced("a newer epoch stands there")
        outside.fence(turn.site, turn.epoch)
        match outside.mood.get(here), turn.site.target:
            case "slow", _:
                return Pending(outside.clock() + timedelta(seconds=1), f"turning at {outside.clock():%T}")
            case ("breaks", None) | ("stuck", _):
                return Failed("The knob broke.")
        outside.effects.append(turn.key)
        return Done("turned")

    async def check(self, turn: Turn, token: Json) -> Outcome:
        return await self.start(turn)

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        self.outside.fence(turn.site, turn.epoch)
        return Done("turned") if turn.key in self.outside.effects else NotDone()

    async def abandon(self, turn: Turn) -> str:
        self.outside.fence(turn.site, turn.epoch)
        return "it was turned" if turn.key in self.outside.effects else Untouched("it was not turned")


class TakeOver(knob.TakeOver):
    """Writes its own epoch on the place, as the product's does."""

    def __init__(self, steps: dict[str, Step], outside: Outside) -> None:
        super().__init__(steps)
        self.outside = outside

    async def start(self, turn: Turn) -> Outcome:
        self.outside.fence(turn.site, turn.epoch)
        return await super().start(turn)
