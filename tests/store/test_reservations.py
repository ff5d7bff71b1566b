"""Targets are held by one stream at a time, as its state wants."""

import pytest

from bot.adapters.postgres.store import PostgresStore
from runbooks.store import Changes, TargetBusy
from tests.store.counter import add, added, appended, read


async def _holders(store: PostgresStore, *targets: str) -> dict[str, str]:
    return dict((await store.read([], targets=targets)).holders)


async def test_what_a_stream_holds_follows_its_state(store: PostgresStore) -> None:
    await add(store, "counter/a", added(holds=("api", "web")))
    await add(store, "counter/a", added(holds=("web", "jobs")))
    assert await _holders(store, "api", "web", "jobs") == {"web": "counter/a", "jobs": "counter/a"}
    await add(store, "counter/a", added())
    assert await _holders(store, "api", "web", "jobs") == {}


async def test_who_holds_a_target_is_read_with_it(store: PostgresStore) -> None:
    await add(store, "counter/a", added(3, holds=("api",)))
    found = await store.read(["counter/b"], targets=["api"])
    assert found.streams == {name: await read(store, name) for name in ("counter/a", "counter/b")}


async def test_a_target_passes_from_one_to_another_in_one_commit(store: PostgresStore) -> None:
    deploy = await add(store, "counter/a", added(holds=("api", "web")))
    rollback = await read(store, "counter/b")
    taken = appended("counter/b", rollback, added(holds=("api", "web")))
    with pytest.raises(TargetBusy):
        await store.commit(Changes(appends=(taken,)))
    await store.commit(Changes(appends=(taken, appended("counter/a", deploy, added()))))
    assert await _holders(store, "api", "web") == {"api": "counter/b", "web": "counter/b"}


async def test_two_may_exchange_their_targets(store: PostgresStore) -> None:
    left, right = (
        await add(store, "counter/a", added(holds=("api",))),
        await add(store, "counter/b", added(holds=("web",))),
    )
    await store.commit(
        Changes(
            appends=(
                appended("counter/a", left, added(holds=("web",))),
                appended("counter/b", right, added(holds=("api",))),
            )
        )
    )
    assert await _holders(store, "api", "web") == {"api": "counter/b", "web": "counter/a"}


async def test_two_streams_of_one_commit_cannot_hold_the_same(store: PostgresStore) -> None:
    streams = (await store.read(["counter/a", "counter/b"])).streams
    appends = tuple(appended(name, seen, added(holds=("api",))) for name, seen in streams.items())
    with pytest.raises(TargetBusy):
        await store.commit(Changes(appends=appends))
