import asyncio
import os
from hashlib import sha1
from pathlib import Path

import pytest

from bot.adapters.source.git import GitSource
from bot.adapters.source.names import source_names
from runbooks.catalogue import Catalogue
from runbooks.steps.source import Found, Kind, UnknownVersion
from runbooks.vocabulary import Commits, Unreachable
from tests.engine.world import CATALOGUE
from tests.fixtures.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "service")


@pytest.fixture
def source(tmp_path: Path) -> GitSource:
    return GitSource(tmp_path / "state", environment=os.environ)


async def test_a_tag_light_or_annotated_is_its_commit(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"}, tag="v41")
    second = repository.commit({"a": "2"})
    repository.git("tag", "--annotate", "--message", "Release", "v42")
    assert await source.resolve(repository.url, "v41") == Found(first, "v41", Kind.TAG)
    assert await source.resolve(repository.url, "v42") == Found(second, "v42", Kind.TAG)


async def test_a_branch_is_its_head_as_it_is_now(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"})
    assert await source.resolve(repository.url, "main") == Found(first, "main", Kind.BRANCH)
    second = repository.commit({"a": "2"})
    assert (await source.resolve(repository.url, "main")).commit == second


async def test_a_branch_with_a_slash(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"})
    repository.git("branch", "release/v41")
    assert await source.resolve(repository.url, "release/v41") == Found(first, "release/v41", Kind.BRANCH)


async def test_a_tag_goes_before_a_branch_of_the_same_name(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"}, tag="same")
    repository.commit({"a": "2"})
    repository.git("branch", "same")
    assert await source.resolve(repository.url, "same") == Found(first, "same", Kind.TAG)


async def test_a_moved_tag_and_a_deleted_one_are_seen(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"}, tag="v41")
    await source.resolve(repository.url, "v41")
    second = repository.commit({"a": "2"})
    repository.git("tag", "--force", "v41")
    assert (await source.resolve(repository.url, "v41")).commit == second
    repository.git("tag", "--delete", "v41")
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, "v41")


async def test_a_commit_by_all_or_some_of_its_digits(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"})
    repository.commit({"a": "2"})
    for typed in (first, first[:7], first[:12], first.upper()):
        assert await source.resolve(repository.url, typed) == Found(first, first[:7], Kind.COMMIT)
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, first[:6])


async def test_a_commit_that_is_new_since_the_last_fetch_is_found(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"}, tag="v41")
    await source.resolve(repository.url, "v41")
    second = repository.commit({"a": "2"})
    assert (await source.resolve(repository.url, second[:9])).commit == second


async def test_a_repository_may_be_named_by_the_variable_that_holds_it(
    repository: Repository, tmp_path: Path
) -> None:
    first = repository.commit({"a": "1"}, tag="v41")
    source = GitSource(tmp_path / "state", environment={**os.environ, "API_REPOSITORY": repository.url})
    assert (await source.resolve("API_REPOSITORY", "v41")).commit == first


async def test_a_known_commit_needs_no_source(repository: Repository, source: GitSource, tmp_path: Path) -> None:
    first = repository.commit({"db/1.sql": "select 1;"}, tag="v41")
    await source.resolve(repository.url, "v41")
    repository.folder.rename(tmp_path / "away")
    assert (await source.resolve(repository.url, first)).commit == first
    assert await source.files(repository.url, first, "db") == {"1.sql": "select 1;"}
    with pytest.raises(Unreachable, match=r"^the source did not answer$"):
        await source.resolve(repository.url, "v41")
    (tmp_path / "away").rename(repository.folder)
    assert (await source.resolve(repository.url, "v41")).commit == first


async def test_a_commit_that_no_branch_has_any_more_is_no_version(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    taken_back = repository.commit({"a": "2"})
    await source.resolve(repository.url, taken_back)
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    await source.resolve(repository.url, "main")
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, taken_back)


async def test_an_unknown_version_names_the_nearest(repository: Repository, source: GitSource) -> None:
    for tag in ("v41", "v42"):
        repository.commit({"a": tag}, tag=tag)
    missing = "There is no version “{}” in the source: no tag, branch or commit is called that."
    with pytest.raises(UnknownVersion) as caught:
        await source.resolve(repository.url, "v4O")
    assert caught.value.sentence == f"{missing.format('v4O')} Did you mean v42 or v41?"
    assert set(caught.value.nearest) == {"v41", "v42"}
    with pytest.raises(UnknownVersion) as caught:
        await source.resolve(repository.url, "zzzzzzzz")
    assert caught.value.sentence == f"{missing.format('zzzzzzzz')} The newest tags are v42 and v41."
    assert caught.value.nearest == ("v42", "v41")


async def test_without_any_tag_the_branches_are_named(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    with pytest.raises(UnknownVersion, match=r"called that\. The only branch is main\.$"):
        await source.resolve(repository.url, "zzzzzzzz")
    repository.commit({"a": "2"}, tag="v1")
    with pytest.raises(UnknownVersion, match=r"called that\. The only tag is v1\.$"):
        await source.resolve(repository.url, "zzzzzzzz")


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


@pytest.mark.parametrize("typed", ["--upload-pack=x", "v41^{}", "v41..v42", "HEAD@{1}", "a b", "", "refs\n", "../x"])
async def test_what_is_no_name_is_never_given_to_git(repository: Repository, source: GitSource, typed: str) -> None:
    repository.commit({"a": "1"}, tag="v41")
    repository.commit({"a": "2"}, tag="v42")
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, typed)


async def test_the_beginning_of_two_commits_is_said(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    one, other = _alike(repository)
    with pytest.raises(UnknownVersion, match=r"is the beginning of 2 commits: .*Give more digits\.") as caught:
        await source.resolve(repository.url, one[:7])
    assert caught.value.nearest == tuple(sorted([one, other]))
    assert (await source.resolve(repository.url, other[:20])).commit == other


def _alike(repository: Repository) -> tuple[str, str]:
    """Two commits with the same seven first digits, on branches of their own."""
    tree = repository.git("rev-parse", "HEAD^{tree}")
    who = "Ada Beispiel <ada@solvereign.example> 1767600000 +0000"
    seen: dict[str, str] = {}
    for number in range(10**6):
        text = f"tree {tree}\nauthor {who}\ncommitter {who}\n\n{number}\n"
        digits = sha1(f"commit {len(text)}\0{text}".encode(), usedforsecurity=False).hexdigest()
        if digits[:7] in seen:
            pair = [
                repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=t)
                for t in (seen[digits[:7]], text)
            ]
            for name, commit in zip(("one", "other"), pair, strict=True):
                repository.git("branch", name, commit)
            return pair[0], pair[1]
        seen[digits[:7]] = text
    raise AssertionError("no two commits are alike")


async def test_files_are_those_right_in_the_folder(repository: Repository, source: GitSource) -> None:
    commit = repository.commit(
        {
            "db/024_ä b.sql": "select 'ä';\n",
            "db/empty.sql": "",
            "db/old/001.sql": "old",
            "db/latin.sql": b"select '\xe4';",
            "dbx/1.sql": "no",
        }
    )
    files = await source.files(repository.url, commit, "/db/")
    assert files == {"024_ä b.sql": "select 'ä';\n", "empty.sql": "", "latin.sql": "select '�';"}
    assert await source.files(repository.url, commit, "none") == {}


async def test_links_are_left_out(repository: Repository, source: GitSource) -> None:
    (repository.folder / "passwd.sql").symlink_to("/etc/passwd")
    commit = repository.commit({"1.sql": "one"})
    assert await source.files(repository.url, commit, ".") == {"1.sql": "one"}


async def test_files_of_a_commit_that_is_gone(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    with pytest.raises(UnknownVersion, match="0000000 is not in"):
        await source.files(repository.url, "0" * 40, "db")


async def test_many_at_once(repository: Repository, source: GitSource) -> None:
    commits = [repository.commit({"db/1.sql": str(n)}, tag=f"v{n}") for n in range(6)]
    found = await asyncio.gather(*(source.resolve(repository.url, f"v{n}") for n in range(6)))
    assert [f.commit for f in found] == commits
    files = await asyncio.gather(*(source.files(repository.url, c, "db") for c in commits))
    assert files == [{"1.sql": str(n)} for n in range(6)]


async def test_a_damaged_mirror_is_made_anew(repository: Repository, source: GitSource, tmp_path: Path) -> None:
    repository.commit({"a": "1"}, tag="v41")
    await source.resolve(repository.url, "v41")
    (mirror,) = (tmp_path / "state").iterdir()
    second = repository.commit({"a": "2"}, tag="v42")
    (mirror / "packed-refs.lock").touch()  # as a fetch leaves it that was killed
    (mirror / "refs/tags/v42.lock").parent.mkdir(parents=True, exist_ok=True)
    (mirror / "refs/tags/v42.lock").touch()
    assert (await source.resolve(repository.url, "v42")).commit == second


async def test_a_source_without_anything_in_it(repository: Repository, source: GitSource) -> None:
    with pytest.raises(UnknownVersion, match="no tag, branch or commit"):
        await source.resolve(repository.url, "v41")


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


async def test_what_lies_between_two_commits(repository: Repository, source: GitSource) -> None:
    base = repository.commit({"a": "1"}, tag="v41")
    repository.commit({"a": "2"})
    repository.git("commit", "--quiet", "--allow-empty", "--message", "b", "--author", "Bodo & Söhne <b@x.example>")
    head = repository.commit({"a": "3"}, tag="v42")
    await source.resolve(repository.url, "v42")

    assert await source.between(repository.url, base, head) == Commits(3, ("Ada Beispiel", "Bodo & Söhne"))
    assert await source.between(repository.url, head, base) == Commits(0, (), 3)
    assert await source.between(repository.url, base, base) == Commits(0)
    assert await source.between(repository.url, "0" * 40, head) is None


async def test_commits_that_part_come_and_go(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    repository.git("branch", "hotfix")
    good = repository.commit({"a": "2"}, tag="v41")
    repository.git("checkout", "--quiet", "hotfix")
    repository.commit({"b": "1"})
    head = repository.commit({"b": "2"}, tag="v41.1")
    await source.resolve(repository.url, "v41.1")

    assert await source.between(repository.url, good, head) == Commits(2, ("Ada Beispiel",), 1)
