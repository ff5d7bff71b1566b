"""The steps of the engine's small world: one turns a knob outside, whose every effect is counted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from runbooks.steps.base import Params, Resolved, Site, Step, Turn, Untouched
from runbooks.vocabulary import Cut, Done, Json, KnownGood, NotDone, Outcome, Pending

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def known_good(version: str, run: str = "adopt", at: datetime = TEN) -> KnownGood:
    return KnownGood(run, version, version[-1] * 40, (), "", "sha256:0", at)


@dataclass
class Outside:
    """What an outsider sees: every effect, in its order, and the knob."""

    knob: str = "v1"
    effects: list[str] = field(default_factory=list)
    fence: int = 0
    turning: bool = False  # it goes on outside
    before: Callable[[Turn], Awaitable[None]] | None = None  # what happens just before the effect
    after: Callable[[Turn], Awaitable[None]] | None = None
    answers: list[Outcome | Exception] = field(default_factory=list)
    stumbles: Exception | None = None  # whoever plans to turn the knob


class Knob(Step):
    """Changes the outside, and can read what stands there."""

    uses = "knob"
    changes = True
    cut = Cut.RECONCILES

    def __init__(self, outside: Outside) -> None:
        self.outside = outside

    async def resolve(self, params: Params, site: Site) -> Resolved:
        if self.outside.stumbles:
            raise self.outside.stumbles
        return Resolved({"to": site.version}, (f"knob: {self.outside.knob} → {site.version}",))

    async def start(self, turn: Turn) -> Outcome:
        if self.outside.before:
            await self.outside.before(turn)
        if self.outside.answers:
            answer = self.outside.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if self.outside.turning:
            return Pending(turn.now + timedelta(seconds=1), "turning")
        self.outside.knob = turn.step.params["to"]
        self.outside.effects.append(turn.key)
        if self.outside.after:
            await self.outside.after(turn)
        return Done(f"knob at {self.outside.knob}")

    async def check(self, turn: Turn, token: Json) -> Outcome:
        return await self.start(turn)

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        self.outside.fence = max(self.outside.fence, turn.epoch)
        done = turn.key in self.outside.effects
        return Done(f"knob at {self.outside.knob}") if done else NotDone()

    async def abandon(self, turn: Turn) -> str:
        self.outside.fence = max(self.outside.fence, turn.epoch)
        return "the knob was turned" if turn.key in self.outside.effects else Untouched("the knob was not turned")


class Keep(Step):
    """Stages a candidate."""

    uses = "keep"

    async def start(self, turn: Turn) -> Outcome:
        good = known_good(turn.site.version, turn.site.run, turn.now)
        return Done("candidate", {"known_good": TypeAdapter(KnownGood).dump_python(good, mode="json")})


class TakeOver(Step):
    """The small twin of the product's: abandons what was cut off, and tells it."""

    uses = "take-over"

    def __init__(self, steps: dict[str, Step]) -> None:
        self.steps = steps

    async def start(self, turn: Turn) -> Outcome:
        told = {cut.site.run: await self.steps[cut.step.uses].abandon(cut) for cut in turn.site.cut_off}
        return Done(", ".join(told.values()), told)

    async def abandon(self, turn: Turn) -> str:
        done = await self.start(turn)
        assert isinstance(done, Done)
        return done.line
