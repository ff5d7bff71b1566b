"""`opsbot audit`: a pack into a file, on a real database; what can't be made gets a sentence and an exit code."""

import asyncio
import hashlib
import json
import stat
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import cli
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from runbooks.folds import folds
from runbooks.store import Recorded
from tests.fixtures.store import StoreDatabase
from tests.packs.keeping import keep
from tests.packs.month import given_up, stream

FIRST, LAST = "2026-03-01", "2026-03-31"
MARCH = datetime(2026, 3, 9, 10, tzinfo=UTC)


async def fill(url: str) -> None:
    async with Pool(url, answer_within=20) as pool:
        await keep(PostgresStore(pool, folds()), stream("run/D-1", given_up("D-1", MARCH, "rejected")))


async def asked(url: str) -> list[Recorded]:
    async with Pool(url, answer_within=20) as pool:
        return await PostgresStore(pool, folds()).history("audit/api")


@pytest.fixture
def url(store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A database with one run in March; the working folder is empty."""
    asyncio.run(fill(store_database.url))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_DATABASE_URL", store_database.url)
    return store_database.url


def test_a_pack_is_written_for_its_owner_alone_and_recorded(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "march.zip"
    assert cli.main(["audit", "api", FIRST, LAST, "--out", str(out)]) == 0
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    assert capsys.readouterr().out.endswith(f"SHA-256 {digest}.\n")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with zipfile.ZipFile(out) as zipped:
        assert "Riley" not in zipped.read("audit-api-2026-03-01-2026-03-31/report.html").decode()
        assert len(zipped.namelist()) == 4
    first, last = (json.loads(each.data) for each in asyncio.run(asked(url)))
    assert (first["kind"], first["by"].partition("/")[0], first["first"]) == ("asked", "shell", FIRST)
    assert (last["kind"], last["way"], last["archive"]) == ("delivered", "file", digest)
    assert cli.main(["verify"]) == 0


def test_the_same_pack_again_is_the_same_file(url: str, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        assert cli.main(["audit", "api", FIRST, LAST, "--tenant", "acme", "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("api", LAST, FIRST), "The period ends before it starts: 2026-03-01 is before 2026-03-31."),
        (("api", FIRST, TOMORROW), "The period ends in the future: "),
        (("api", "March", LAST), "“March” is not a date."),
        (("api", "2025-03-01", "2025-03-31"), "Nothing was recorded of “api” from 2025-03-01 to 2025-03-31."),
        (("apy", FIRST, LAST), "Nothing was recorded of “apy” from 2026-03-01 to 2026-03-31."),
        (("api", FIRST, LAST, "--tenant", "../x"), "“../x” can't be a tenant's code."),
        (("api", FIRST, LAST, "--out", "no/such/folder.zip"), "There is no folder no/such; nothing was made."),
        (
            ("api", FIRST, LAST, "--out", "x" * 300),
            f"{'x' * 300} can't be a file: File name too long.",
        ),
        (("api", FIRST, LAST, "--out", "here.zip"), "here.zip exists already; nothing was made."),
    ],
)
def test_what_can_not_be_made_is_said_in_a_sentence(
    url: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    Path("here.zip").write_text("mine")
    assert cli.main(["audit", "--out", "pack.zip", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(said)
    assert printed.out == ""
    assert sorted(path.name for path in Path().iterdir()) == ["here.zip"]
    assert Path("here.zip").read_text() == "mine"
    assert asyncio.run(asked(url)) == []


def test_a_file_that_can_not_be_written_is_recorded_as_not_delivered(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", "api", FIRST, LAST, "--out", "/proc/pack.zip"]) == 2
    assert capsys.readouterr().err == "/proc/pack.zip could not be written: No such file or directory.\n"
    assert [json.loads(each.data)["kind"] for each in asyncio.run(asked(url))] == ["asked", "failed"]
