"""Events as told, kept in a real store."""

from collections.abc import Sequence
from functools import reduce
from itertools import groupby

from runbooks.folds import folds
from runbooks.store import Append, Changes, Recorded, Store


async def keep(store: Store, events: Sequence[Recorded]) -> None:
    """Append every stream, as one commit each."""
    ordered = sorted(events, key=lambda each: (each.stream, each.version))
    for stream, told in groupby(ordered, key=lambda each: each.stream):
        recorded, fold = tuple(told), folds()[stream.partition("/")[0]]
        state = reduce(
            fold.evolve, map(fold.event_type.validate_json, (each.data for each in recorded)), fold.start(stream)
        )
        await store.commit(Changes(appends=(Append(stream, recorded, state, fold.held(state)),), reads={}))
