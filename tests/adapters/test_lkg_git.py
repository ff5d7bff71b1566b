"""The record as a commit on a branch of a real repository, also while somebody else pushes."""

import os
import shutil
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.lkg_git import FRESH, Branch, GitRecords, Record
from runbooks.releases.lkg_file import NotKept
from runbooks.vocabulary import Unreachable
from tests.fixtures.repositories import Repository

AT = datetime(2026, 1, 7, 10, 30, tzinfo=UTC)
V42 = Record('{\n  "git_sha": "a8005c2"\n}\n', "api production: v42 a8005c2 is the last known good (D-107)", AT)
V43 = Record('{\n  "git_sha": "d359c58"\n}\n', "api production: v43 d359c58 is the last known good (D-108)", AT)
AUTHOR = "ops-bot@solvereign.example"


class Shared:
    """A bare repository, and somebody's clone of it."""

    def __init__(self, folder: Path) -> None:
        self.clone = Repository(folder / "clone")
        self.clone.commit({"README.md": "# Operations\n", "other.txt": "1"})
        self.bare = folder / "shared.git"
        self.clone.git("clone", "--quiet", "--bare", self.clone.url, str(self.bare))
        self.clone.git("remote", "add", "shared", str(self.bare))
        self.clone.git("fetch", "--quiet", "shared")

    @property
    def place(self) -> Branch:
        return Branch(self.bare.as_uri(), "main", "production/last-known-good.json", "the repository of records")

    def git(self, *arguments: str) -> str:
        return self.clone.git(f"--git-dir={self.bare}", *arguments)

    def text(self) -> str:
        return self.git("show", f"main:{self.place.path}") + "\n"

    def hook(self, name: str, script: str) -> None:
        path = self.bare / "hooks" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


def with_another(shared: Shared, folder: Path, *, times: int) -> GitRecords:
    """The bot with a git before which somebody else pushes, so many times, just as it is about to push."""
    real, left = shutil.which("git"), folder / "left"
    left.write_text("x" * times)
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
case " $* " in *" push "*)
  if [ -s {left} ]; then
    (
      cd {shared.clone.folder}
      echo more >> other.txt
      {real} -c user.name=Ada -c user.email=ada@solvereign.example commit --quiet --all --message Another
      {real} push --quiet shared main
    )
    truncate --size=-1 {left}
  fi
esac
exec {real} "$@"
"""
    )
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    return GitRecords(folder / "state", environment=environment, author=AUTHOR)


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path)


@pytest.fixture
def records(tmp_path: Path) -> GitRecords:
    return GitRecords(tmp_path / "state", environment=os.environ, author=AUTHOR)


async def test_each_record_is_one_commit_of_one_file(shared: Shared, records: GitRecords) -> None:
    for record in (V42, V43):
        await records.write(shared.place, record)
        assert shared.text() == record.text
    assert shared.git("log", "--format=%an <%ae>|%cn|%cI|%s", "-1", "main") == (
        f"Opsbot <{AUTHOR}>|Opsbot|2026-01-07T10:30:00+00:00|{V43.message}"
    )
    assert shared.git("diff", "--name-only", "main~2", "main") == shared.place.path
    assert shared.git("show", "main:other.txt") == "1"


async def test_what_stands_there_is_not_committed_again(shared: Shared, records: GitRecords, tmp_path: Path) -> None:
    await records.write(shared.place, V42)
    before = shared.git("rev-parse", "main")
    await records.write(shared.place, V42)
    await GitRecords(tmp_path / "anew", environment=os.environ, author=AUTHOR).write(shared.place, V42)
    assert shared.git("rev-parse", "main") == before


async def test_a_repository_whose_records_stand_is_asked_once_a_minute(shared: Shared, tmp_path: Path) -> None:
    now = [0.0]
    records = GitRecords(tmp_path / "state", environment=os.environ, author=AUTHOR, clock=lambda: now[0])
    other = replace(shared.place, path="staging/last-known-good.json")
    for place in (shared.place, other, shared.place):
        await records.write(place, V42)
    shared.bare.rename(tmp_path / "away")
    await records.write(other, V42)
    now[0] = FRESH
    with pytest.raises(Unreachable):
        await records.write(other, V42)


async def test_what_another_process_recorded_since_it_was_asked_is_not_lost(shared: Shared, tmp_path: Path) -> None:
    here, there = (GitRecords(tmp_path / name, environment=os.environ, author=AUTHOR) for name in ("here", "there"))
    for _ in range(2):
        await here.write(shared.place, V42)
    await there.write(replace(shared.place, path="staging/last-known-good.json"), V42)
    await here.write(shared.place, V43)
    assert shared.text() == V43.text
    assert shared.git("show", "main:staging/last-known-good.json") + "\n" == V42.text


async def test_somebody_who_pushes_first_loses_nothing(shared: Shared, tmp_path: Path) -> None:
    await with_another(shared, tmp_path, times=2).write(shared.place, V42)
    assert (shared.text(), shared.git("show", "main:other.txt")) == (V42.text, "1more\nmore")
    assert shared.git("log", "--format=%s", "main").splitlines() == [V42.message, "Another", "Another", "A change"]


async def test_it_gives_up_where_others_are_always_first(shared: Shared, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="others pushed first, 5 times"):
        await with_another(shared, tmp_path, times=9).write(shared.place, V42)
    assert shared.git("log", "--format=%s", "main").splitlines() == [*["Another"] * 5, "A change"]


async def test_a_push_that_is_refused_is_told_as_such(shared: Shared, records: GitRecords) -> None:
    shared.hook("pre-receive", "echo made-up-secret-of-the-server; exit 1")
    with pytest.raises(NotKept, match=r"^the repository of records takes no push to main\. Give ") as caught:
        await records.write(shared.place, V42)
    assert "made-up-secret" not in str(caught.value)


async def test_a_branch_that_is_not_there_is_not_made(shared: Shared, records: GitRecords) -> None:
    shared.git("branch", "records/old", "main")
    place = Branch(shared.bare.as_uri(), "records", "lkg.json", "the repository of records")
    with pytest.raises(NotKept, match=r"has no branch records\. Make it"):
        await records.write(place, V42)


async def test_a_repository_that_is_away_did_not_answer_and_keeps_its_password(
    tmp_path: Path, records: GitRecords, caplog: pytest.LogCaptureFixture
) -> None:
    away = Branch("http://opsbot:made-up-password@127.0.0.1:1/x.git", "main", "lkg.json", "the repository of records")
    with pytest.raises(Unreachable) as caught:
        await records.write(away, V42)
    assert str(caught.value) == "the repository of records did not answer"
    assert "made-up-password" not in caplog.text
    assert "127.0.0.1:1" in caplog.text


async def test_a_try_pushes_nothing(shared: Shared, records: GitRecords) -> None:
    before = shared.git("for-each-ref")
    await records.try_write(shared.place, seconds=20)
    assert shared.git("for-each-ref") == before


async def test_a_try_finds_what_is_missing(shared: Shared, records: GitRecords) -> None:
    gone = Branch((shared.bare.parent / "gone.git").as_uri(), "main", "lkg.json", "the repository of records")
    with pytest.raises(Unreachable):
        await records.try_write(gone, seconds=20)
    with pytest.raises(NotKept, match=r"has no branch elsewhere\. Make it"):
        await records.try_write(replace(shared.place, branch="elsewhere"), seconds=20)
