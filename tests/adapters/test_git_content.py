"""What stands in a commit, and what lies between two."""

import asyncio
from pathlib import Path

import pytest

from bot.adapters.source.git import GitSource
from runbooks.commits import Commit, Commits
from runbooks.steps.source import Author, UnknownVersion
from runbooks.vocabulary import Unreachable
from tests.fixtures.repositories import Repository


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


async def test_what_lies_between_two_commits(repository: Repository, source: GitSource) -> None:
    base = repository.commit({"a": "1"}, tag="v41")
    repository.commit({"a": "2"})
    repository.git("commit", "--quiet", "--allow-empty", "--message", "b", "--author", "Bodo & Söhne <b@x.example>")
    head = repository.commit({"a": "3"}, tag="v42")
    await source.resolve(repository.url, "v42")

    between = await source.between(repository.url, base, head)
    assert between is not None
    assert (between.count, between.authors, between.base) == (3, ("Ada Beispiel", "Bodo & Söhne"), base)
    assert await source.between(repository.url, head, base) == Commits(0, (), 3, base=head)
    assert await source.between(repository.url, base, base) == Commits(0, base=base)
    assert await source.between(repository.url, "0" * 40, head) is None


async def test_the_last_of_the_commits_that_come_are_named(repository: Repository, source: GitSource) -> None:
    base = repository.commit({"a": "1"}, tag="v41")
    for subject in ("first", "second", "Third: <!channel> & more\n\nIts body", ""):
        who = ("--author", "Zoë & Söhne <z@x.example>", "--allow-empty-message")
        repository.git("commit", "--quiet", "--allow-empty", "--message", subject, *who)
    head = repository.git("rev-parse", "HEAD")
    await source.resolve(repository.url, "main")

    between = await source.between(repository.url, base, head)
    assert between is not None
    assert [(each.author, each.subject) for each in between.latest] == [
        ("Zoë & Söhne", ""),
        ("Zoë & Söhne", "Third: <!channel> & more"),
        ("Zoë & Söhne", "second"),
    ]
    assert between.latest[0].short == head[:7]


async def test_who_wrote_what_lies_between(repository: Repository, source: GitSource) -> None:
    base = repository.commit({"a": "1"}, tag="v41")
    odd = "Zoë\u2028@channel *x*"  # what ends a line elsewhere, in a name
    for who in ("Ada <ADA@x.example>", f"{odd} <z@x.example>", "Ada <ADA@x.example>", "Ada <ada@home.example>"):
        repository.git("commit", "--quiet", "--allow-empty", "--message", "b", "--author", who)
    head = repository.git("rev-parse", "HEAD")
    await source.resolve(repository.url, "main")

    wrote = await source.authors(repository.url, base, head)
    assert wrote[0] == Author("Ada", "ADA@x.example")
    assert set(wrote[1:]) == {Author(odd, "z@x.example"), Author("Ada", "ada@home.example")}
    assert await source.authors(repository.url, head, base) == ()
    assert await source.authors(repository.url, "0" * 40, head) == ()


async def test_commits_that_part_come_and_go(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    repository.git("branch", "hotfix")
    good = repository.commit({"a": "2"}, tag="v41")
    repository.git("checkout", "--quiet", "hotfix")
    repository.commit({"b": "1"})
    head = repository.commit({"b": "2"}, tag="v41.1")
    await source.resolve(repository.url, "v41.1")

    assert await source.between(repository.url, good, head) == Commits(
        2, ("Ada Beispiel",), 1, _named(repository, head, f"{head}~1"), good
    )


def _named(repository: Repository, *commits: str) -> tuple[Commit, ...]:
    fields = (repository.git("log", "-1", "--format=%h%n%an%n%s", "--abbrev=7", each) for each in commits)
    return tuple(Commit(*each.splitlines()) for each in fields)
