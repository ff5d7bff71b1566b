"""One mirror, and two processes that want it, as `opsbot adopt` beside `opsbot serve`."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.adapters.source.git import GitSource
from bot.adapters.source.mirror import Mirror
from runbooks.vocabulary import Unreachable
from tests.fixtures.repositories import Repository


def mirror(folder: Path, repository: Repository, *, seconds: float) -> Mirror:
    """As each process has its own; the lock is the system's, so two of one process are like two of two."""
    return Mirror(folder, repository.url, name="the source", environment=os.environ, fetch_seconds=seconds)


async def fetched(one: Mirror) -> bytes:
    async with one.held():
        await one.fetch()
        return await one.git("rev-parse", "v41")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "service")
    made.commit({"a": "1"}, tag="v41")
    return made


async def test_the_second_waits_for_the_first(tmp_path: Path, repository: Repository) -> None:
    folder = tmp_path / "state" / "mirror.git"
    both = [mirror(folder, repository, seconds=60) for _ in range(2)]
    one, other = await asyncio.gather(*map(fetched, both))
    assert one == other


async def test_it_does_not_wait_for_ever_and_says_why(tmp_path: Path, repository: Repository) -> None:
    folder = tmp_path / "state" / "mirror.git"
    impatient = mirror(folder, repository, seconds=0.1)
    async with mirror(folder, repository, seconds=60).held():
        with pytest.raises(Unreachable, match="which another process uses"):
            await fetched(impatient)
    async with impatient.held():
        assert not impatient.exists


async def test_where_no_copy_can_be_kept_that_is_said_and_the_source_can_still_be_asked(
    tmp_path: Path, repository: Repository
) -> None:
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "state"
    with pytest.raises(Unreachable, match="the bot's state folder can't be written to"):
        await fetched(mirror(nowhere / "mirror.git", repository, seconds=60))
    source = GitSource(nowhere, environment=os.environ)
    assert await source.ask(repository.url, seconds=10) == repository.git("rev-parse", "HEAD")
