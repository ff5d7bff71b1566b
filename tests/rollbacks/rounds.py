"""One round: a deploy, `/rollback` at a moment of it, now and then a foreign edit; then everything comes to rest."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.waiting import until
from tests.acceptance.records import Json, outcome, over
from tests.rollbacks.course import Course
from tests.rollbacks.judge import Seen, wrongs
from tests.rollbacks.people import People
from tests.rollbacks.place import Place
from tests.rollbacks.seen import at_rest, look, looked_at

_AGAIN = 3  # rollbacks that people ask for, until one does well
_RESTS = 60.0  # seconds for the pods to come to rest
_LOOK = 0.5  # seconds that pass at most between the last look and the record of it


@dataclass(frozen=True)
class Played:
    """A round that is over."""

    course: Course
    met: str  # how far the deploy was when the rollback began
    edited: bool  # whether the foreign edit came before everything was over
    seen: Seen

    @property
    def wrongs(self) -> list[str]:
        """What did not hold."""
        return wrongs(self.seen)

    def __str__(self) -> str:
        runs = ", ".join(f"{run.id} {run.status.partition(' ')[0]}" for run in self.seen.runs)
        edited = ", edited" if self.edited else ""
        asked = f"; asked: {'; '.join(self.seen.asked)}" if self.seen.asked else ""
        return f"{self.course}; met {self.met}{edited}; {runs}{asked}; {'; '.join(self.wrongs) or 'well'}"


async def play(place: Place, seed: int) -> Played:
    """Play the round of this seed; TimeoutError or AssertionError where something stands still."""
    course, since = Course.of(seed), time.time()
    people, before = People(place, keeps=course.keeps), await place.runs()
    deploy = await people.deploy(place.release(course.kind))
    round_ = _Round(place, people, course, before, time.monotonic())
    editing = asyncio.create_task(round_.edit())
    try:
        met = await round_.go_back(deploy)
        await round_.end()
    finally:
        edited = await editing
    await round_.mend()
    await until(lambda: at_rest(place), seconds=_RESTS, what="the pods to come to rest")
    return Played(course, met, edited, await look(place, people, since=since, before=before))


@dataclass
class _Round:
    """A round that goes on."""

    place: Place
    people: People
    course: Course
    before: Mapping[str, Json]
    approved: float  # of the monotonic clock

    async def edit(self) -> bool:
        """Somebody else's change at its moment, where not all is over by then."""
        if self.course.edit is None:
            return False
        await _time(self.approved + self.course.edit_at)
        if not (runs := await self._runs()) or all(map(over, runs.values())):
            return False
        await self.place.edit(self.course.edit, self.course.seed)
        return True

    async def go_back(self, deploy: str) -> str:
        """`/rollback` at its moment; how far the deploy was then."""
        await _time(self.approved + self.course.back_at)
        state = (await self.place.runs())[deploy]
        met = state["status"]
        if not over(state):
            reached = ((name, outcome(state, name)) for name in reversed(state["steps"]))
            met = next((f"{name} {how}" for name, how in reached if how), met)
        await self.people.go_back(self.before)
        return str(met)

    async def end(self) -> None:
        """All runs are tended to their end, those too that begin meanwhile; until a rollback did well."""
        for _ in range(_AGAIN):
            known: dict[str, Json] = {}
            while going := [run for run in await self._runs() if run not in known]:
                known |= {run: await self.people.tend(run) for run in going}
            if _last(known)["status"] == "succeeded":
                return
            await self.people.go_back({**self.before, **known})

    async def mend(self) -> None:
        """Somebody changed it after the last look of the last rollback: people see that, and go back once more."""
        good = (await self.place.release_state())["good"][0]["workloads"][0]["template"]
        standing = (await self.place.deployment())["spec"]["template"]
        if standing != good and await self._edited_afterwards():
            await self.people.go_back({**self.before, **await self._runs()})
            await self.end()

    async def _edited_afterwards(self) -> bool:
        """Whether somebody else changed the pods when the last rollback had looked at them for the last time."""
        looked = looked_at(await self.place.stage.records.events(list(await self._runs())[-1]))
        return any(at > looked - _LOOK for at in self.place.edits_by_hand())

    async def _runs(self) -> dict[str, Json]:
        return {run: state for run, state in (await self.place.runs()).items() if run not in self.before}


def _last(states: Mapping[str, Json]) -> Json:
    return list(states.values())[-1]


async def _time(moment: float) -> None:
    """Until this moment of the monotonic clock."""
    reached = asyncio.Event()
    asyncio.get_running_loop().call_later(max(0.0, moment - time.monotonic()), reached.set)
    await reached.wait()
