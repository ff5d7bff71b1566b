"""What people do in a round: they ask, approve, go back, answer what is asked, and release what is held."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.slack import Message
from sandbox.waiting import until
from tests.acceptance.people import key_of
from tests.acceptance.records import Json, asks_for_approval, brief, over
from tests.acceptance.stage import CHANNEL
from tests.rollbacks.place import ENVIRONMENT, SERVICE, Place

PATIENCE = 90.0  # seconds for one thing to be seen
OVERWRITE, KEEP = "Overwrite and roll back", "Keep theirs, stop here"
_ANSWERS = (OVERWRITE, "Leave the schema as it is", "Look again")
_TRIES = 4


@dataclass
class People:
    """Riley deploys, Alex approves, Casey goes back. `keeps`: who is asked first lets a foreign change stand."""

    place: Place
    keeps: bool = False
    asked: list[str] = field(default_factory=list)  # what a card asked, and what was answered

    async def deploy(self, version: str) -> str:
        """Riley asks, Alex approves; the run, when that is recorded."""
        await self._release_hold()
        said = await self._types("riley", f"/deploy {SERVICE} {version}")
        assert f"started: {SERVICE} {version}" in said.shown, said.shown
        run = said.shown.split()[0]
        await self._approve(run)
        return run

    async def go_back(self, known: Mapping[str, Json]) -> None:
        """Casey asks and confirms, until a rollback that is not known is there; it may have begun by itself."""
        unnamed, named = f"/rollback {SERVICE} {ENVIRONMENT}", ""
        for _ in range(_TRIES):
            if any(run.startswith("R-") for run in (await self.place.runs()).keys() - known.keys()):
                return
            asked = await self._types("casey", f"{unnamed}{named}")
            if "Roll back now" in asked.buttons:
                asked = await self._clicks("casey", asked, "Roll back now")
            if asked.shown.startswith("R-"):
                return
            named = f" to {await self.good_version()}"  # what went back already must be named
        raise AssertionError(f"no rollback came of {_TRIES} tries, last told: {asked.shown}")

    async def tend(self, run: str) -> Json:
        """Answer what a run asks until it is over; how it is recorded then."""
        while True:
            state = await until(lambda: self._wants_somebody(run), seconds=PATIENCE, what=f"{run} to go on")
            if over(state):
                return state
            if asks_for_approval(state):
                await self._approve(run)
            else:
                await self._answer(run, state)

    async def good_version(self) -> str:
        """What is recorded as the last known good."""
        return str((await self.place.release_state())["good"][0]["version"])

    async def card(self, run: str, wanted: str) -> str:
        """What the card of a run says, once it has this text, or when nobody waits any longer."""
        last = ""

        async def seen() -> bool:
            nonlocal last
            last = getattr(await self._card(run), "shown", "")
            return wanted in last

        try:
            await until(seen, seconds=PATIENCE, what=f"the card of {run}")
        except TimeoutError:
            return last
        return last

    async def _release_hold(self) -> None:
        """Casey says that it was looked into, where deploys are held since the last rollback."""
        if (await self.place.release_state()).get("hold"):
            await self._types("casey", f"/deploy unlock {SERVICE} {ENVIRONMENT} It was looked into")
            await until(self._is_free, seconds=PATIENCE, what="deploys to be released")

    async def _is_free(self) -> bool:
        return not (await self.place.release_state()).get("hold")

    async def _approve(self, run: str) -> None:
        await self.place.stage.records.until(run, asks_for_approval, seconds=PATIENCE, what="waits for an approval")
        card = await self._card_with(run, "Approve")
        await self.place.world.person("alex").click(card, "Approve")
        await until(lambda: self._is_approved(run), seconds=PATIENCE, what=f"{run} to be approved")

    async def _is_approved(self, run: str) -> bool:
        return not asks_for_approval((await self.place.runs())[run])

    async def _wants_somebody(self, run: str) -> Json:
        """Its state, where it is over or waits for people; else nothing."""
        state = (await self.place.runs())[run]
        return state if over(state) or asks_for_approval(state) or _choices(state)[0] else {}

    async def _answer(self, run: str, state: Json) -> None:
        """By its button on the card: a question that can't be answered there is none."""
        step, labels = _choices(state)
        wanted = (KEEP, *_ANSWERS) if self.keeps else _ANSWERS
        label = next((each for each in wanted if each in labels), "")
        assert label, f"{run} asks what nobody here knows: {labels}. {brief(state)}"
        self.keeps = self.keeps and label != KEEP
        card = await self._card_with(run, label)
        await self.place.world.person("riley").click(card, label)
        self.asked.append(f"{run} {step}: {label}")
        await until(lambda: self._moved_on(run, step, labels), seconds=PATIENCE, what=f"{run} to take the answer")

    async def _moved_on(self, run: str, step: str, labels: tuple[str, ...]) -> bool:
        return _choices((await self.place.runs())[run]) != (step, labels)

    async def _card(self, run: str) -> Message | None:
        messages = await self.place.world.person("riley").messages(CHANNEL)
        return next((m for m in messages if key_of(m) == f"run/{run}/card"), None)

    async def _card_with(self, run: str, label: str) -> Message:
        async def seen() -> list[Message]:
            card = await self._card(run)
            return [card] if card and label in card.buttons else []

        return (await until(seen, seconds=PATIENCE, what=f"{label!r} on the card of {run}"))[0]

    async def _types(self, name: str, line: str) -> Message:
        person = self.place.world.person(name)
        seen = {message.ts for message in await person.messages(CHANNEL)}
        await person.command(CHANNEL, line)
        return await self._hears(name, seen)

    async def _clicks(self, name: str, message: Message, label: str) -> Message:
        """A click on what only they see, and what only they hear of it: beside it, or in its place."""
        person = self.place.world.person(name)
        seen = {each.ts for each in await person.messages(CHANNEL)}
        await person.click(message, label)
        return await self._hears(name, seen, instead=message)

    async def _hears(self, name: str, seen: set[str], *, instead: Message | None = None) -> Message:
        def fits(message: Message) -> bool:
            changed = instead is not None and message.ts == instead.ts and message.shown != instead.shown
            return bool(message.ephemeral_to) and (changed or message.ts not in seen)

        return await self.place.world.person(name).sees(CHANNEL, fits, seconds=PATIENCE)


def _choices(state: Json) -> tuple[str, tuple[str, ...]]:
    """The step that asks and the labels of its answers; nothing where none does."""
    for name, step in state["steps"].items():
        outcome = step["outcome"] or {}
        if outcome.get("kind") in ("waiting", "in-doubt") and outcome.get("choices") and not over(state):
            return name, tuple(str(choice["label"]) for choice in outcome["choices"])
    return "", ()
