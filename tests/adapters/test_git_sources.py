"""Where a source is and how it is asked: its address, its mirror, its silence, and what git is told."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.adapters.source.git import GitSource
from bot.adapters.source.names import source_names
from runbooks.catalogue import Catalogue
from runbooks.steps.source import UnknownVersion
from runbooks.vocabulary import Unreachable
from tests.engine.world import CATALOGUE
from tests.fixtures.repositories import Repository


async def test_a_repository_may_be_named_by_the_variable_that_holds_it(
    repository: Repository, tmp_path: Path
) -> None:
    first = repository.commit({"a": "1"}, tag="v41")
    source = GitSource(tmp_path / "state", environment={**os.environ, "API_REPOSITORY": repository.url})
    assert (await source.resolve("API_REPOSITORY", "v41")).commit == first


async def test_a_fault_names_the_service_and_the_log_the_location(
    repository: Repository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = "https://riley:canary-password@127.0.0.1:1/x.git"
    names = {repository.url: "the source of api", away: "the source of web"}
    source = GitSource(tmp_path / "state", environment=os.environ, names=names)
    repository.commit({"a": "1"}, tag="v41")
    said = []
    for url, commit in ((repository.url, ""), (away, ""), (repository.url, "0" * 40)):
        with pytest.raises((UnknownVersion, Unreachable)) as caught:
            await (source.files(url, commit, "db") if commit else source.resolve(url, "v99"))
        said.append(str(caught.value))
    assert said == [
        "There is no version “v99” in the source of api: no tag, branch or commit is called that. "
        "The only tag is v41.",
        "the source of web did not answer",
        "The commit 0000000 is not in the source of api any more.",
    ]
    assert "the source of web at https://127.0.0.1:1/x.git did not answer: fatal: " in caplog.text
    assert "canary" not in caplog.text + str(said)


def test_services_that_share_a_source_are_both_named() -> None:
    api = CATALOGUE["services"]["api"]
    catalogue = Catalogue.model_validate({**CATALOGUE, "services": {"api": api, "web": api}})
    assert source_names(catalogue) == {"file:///source": "the source of api and web"}


async def test_a_damaged_mirror_is_made_anew(repository: Repository, source: GitSource, tmp_path: Path) -> None:
    repository.commit({"a": "1"}, tag="v41")
    await source.resolve(repository.url, "v41")
    (mirror,) = (tmp_path / "state").glob("*.git")
    second = repository.commit({"a": "2"}, tag="v42")
    (mirror / "packed-refs.lock").touch()  # as a fetch leaves it that was killed
    (mirror / "refs/tags/v42.lock").parent.mkdir(parents=True, exist_ok=True)
    (mirror / "refs/tags/v42.lock").touch()
    assert (await source.resolve(repository.url, "v42")).commit == second


async def test_a_source_that_is_silent_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _reader.read()
        writer.close()

    source = GitSource(tmp_path / "state", environment=os.environ, fetch_seconds=0.3)
    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable):
            await source.resolve(f"git://127.0.0.1:{port}/x.git", "v41")
    assert "no answer within" in caplog.text


async def test_a_cancelled_fetch_leaves_no_git_behind(tmp_path: Path) -> None:
    called = asyncio.Event()
    gone = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await reader.read()  # ends when git does
        gone.set()
        writer.close()

    source = GitSource(tmp_path / "state", environment=os.environ)
    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(source.resolve(f"git://127.0.0.1:{port}/x.git", "v41"))
        async with asyncio.timeout(20):
            await called.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await gone.wait()


async def test_git_gets_only_what_it_needs_of_the_environment(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a": "1"}, tag="v41")
    planted = {"GIT_DIR": "/nowhere", "GIT_OBJECT_DIRECTORY": "/nowhere", "OPSBOT_SECRET": "canary"}
    source = GitSource(tmp_path / "state", environment={**os.environ, **planted})
    assert (await source.resolve(repository.url, "v41")).commit == first
