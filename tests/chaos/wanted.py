"""The messages that the recorded states call for, and what each may show."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot import catalogue_file
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.states import States
from bot.adapters.postgres.store import PostgresStore
from commands.views.messages import messages, streams_seen
from runbooks.catalogue import Catalogue
from runbooks.folds import folds
from runbooks.store import Recorded
from sandbox.slack import Message
from tests.chaos.world import World

_MANY = 1_000_000
See = Callable[[str], Any]


async def wanted(world: World) -> Mapping[str, list[str]]:
    """By key; of one that is not kept, anything: it is posted once and says what was so then."""
    catalogue = catalogue_file.load(world.folder / "opsbot.yaml").catalogue
    found: dict[str, list[str]] = {}
    async with Pool(world.owner_url, answer_within=60) as pool:
        store = PostgresStore(pool, folds())
        for prefix in ("run/", "finding/", "incident/"):
            for stream, state in await store.latest(prefix, _MANY):
                found |= await _of(store, catalogue, stream, state)
    return found


async def _of(store: PostgresStore, catalogue: Catalogue, stream: str, state: Any) -> dict[str, list[str]]:
    sights = [messages(catalogue, state, see) for see in await _sights(store, stream, state)]
    return {
        one.key: [
            Message(one.channel, "", each.text, each.blocks).shown
            for sight in sights
            for each in sight
            if each.key == one.key
        ]
        if one.kept
        else []
        for one in sights[-1]
    }


async def _sights(store: PostgresStore, stream: str, state: Any) -> list[See]:
    """What the messages may have seen of their place: as it was when the stream last moved, or is since then.

    What is over is not drawn anew because the place moved on.
    """
    names = streams_seen(state)
    read = {name: stored.state for name, stored in (await store.read(names)).streams.items()}
    last = (await store.history(stream))[-1].at
    place = next((name for name in names if name.startswith("release/")), None)
    if place is None:
        return [read.__getitem__]
    events = await store.history(place)
    return list(_seen_since(read, place, events, last))


def _seen_since(read: Mapping[str, Any], place: str, events: list[Recorded], last: Any) -> Iterator[See]:
    folding = States(folds())
    for number in range(sum(event.at <= last for event in events), len(events) + 1):
        yield {**read, place: folding.folded(place, events[:number])}.__getitem__
