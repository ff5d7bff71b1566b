"""`opsbot backup check`: a dump is restored beside everything; what is broken in it, or wrong, gets its sentence."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from bot import cli, embedded
from bot.adapters.postgres.migrate import migrations
from tests.engine.world import World
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.store import StoreDatabase

FORMATS = ("custom", "plain")


@pytest.fixture
async def kept(small_world: World, store_database: StoreDatabase) -> str:
    """The owner's address of a database in which something happened."""
    await small_world.adopted()
    run_id = await small_world.at_the_gate()
    await small_world.approves(run_id)
    await small_world.works()
    return store_database.owner_url


@pytest.fixture
def aside(kept: str, database: DatabaseFactory) -> str:
    """A copy of it, which is not checked when the test has ended."""
    url, (dumping, restoring) = database(), (embedded._programs() / name for name in ("pg_dump", "psql"))
    made = subprocess.run([dumping, "--no-owner", kept], check=True, capture_output=True)
    subprocess.run([restoring, "--quiet", url], input=made.stdout, check=True, capture_output=True)
    return url


def dump(url: str, file: Path, form: str = "custom") -> Path:
    program = embedded._programs() / "pg_dump"
    subprocess.run([program, f"--format={form}", f"--file={file}", url], check=True, capture_output=True)
    return file


def checked(file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = cli.main(["backup", "check", str(file)])
    said = capsys.readouterr()
    return code, (said.out + said.err).strip()


@pytest.mark.parametrize("form", FORMATS)
def test_a_whole_dump_says_what_it_holds(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    file = dump(kept, tmp_path / "a.dump", form)
    with psycopg.connect(kept) as connection:
        [(count, newest)] = connection.execute("select count(*), max(at) from events")
    newest = f"{newest:%Y-%m-%d %H:%M:%S} UTC"
    assert checked(file, capsys) == (
        0,
        f"{file} holds {count} events in 2 streams (release 1, run 1); the newest is of {newest}.\n"
        "Every chain is whole, and every state is what its events make.",
    )


def test_half_a_dump_is_broken(kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = dump(kept, tmp_path / "a.dump")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    code, said = checked(file, capsys)
    assert code == 1
    assert said.startswith(f"{file} is broken: it can't be restored. PostgreSQL says: pg_restore: error: ")


def test_a_plain_dump_that_lacks_its_end_is_broken(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = dump(kept, tmp_path / "a.sql", "plain")
    file.write_bytes(file.read_bytes()[:-100])
    assert checked(file, capsys) == (1, f"{file} is broken: it was cut off before its end.")


def test_a_broken_chain_and_a_wrong_state_are_told(
    aside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in a dump that lacks a migration: nothing of it is migrated."""
    last = migrations()[-1]
    with psycopg.connect(aside) as owner:
        owner.execute("update events set actor = 'T1/UEVE' where version = 1")
        owner.execute("update streams set state = '{}' where name like 'run/%'")
        owner.execute("delete from schema_migrations where number = %s", (last.number,))
        owner.commit()
        code, said = checked(dump(aside, tmp_path / "a.dump"), capsys)
    assert code == 1
    assert f"After a restore `opsbot migrate` will apply {last.name}.\nIt is not whole:\n" in said
    assert "event 1: its content does not match its hash" in said
    assert "its stored state is not what its events make" in said


@pytest.mark.parametrize("line", ["\\! touch {made}", "copy (select 1) to program 'touch {made}';"])
def test_a_dump_runs_no_program(kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    file, made = dump(kept, tmp_path / "a.sql", "plain"), tmp_path / "made"
    tmp_path.chmod(0o777)
    file.write_text(f"{file.read_text()}\n{line.format(made=made)}\n")
    assert checked(file, capsys)[0] == 1
    assert not made.exists()


def test_another_database_is_none_of_ours(
    database: DatabaseFactory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = dump(database(), tmp_path / "a.dump")
    assert checked(file, capsys) == (1, f"{file} is no dump of Opsbot's database: it has no events and no streams.")


def test_a_newer_version_s_dump_is_told(kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(kept) as owner:
        owner.execute("insert into schema_migrations values (999, '999_later.sql', '')")
        owner.commit()
    file = dump(kept, tmp_path / "a.dump")
    assert checked(file, capsys) == (
        1,
        f"{file} was made by a newer Opsbot (999_later.sql): check it with that version.",
    )


def test_what_is_no_dump_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.txt"
    assert checked(file, capsys) == (2, f"{file} can't be read: No such file or directory.")
    file.write_text("hello")
    code, said = checked(file, capsys)
    assert (code, said.partition(":")[0]) == (2, f"{file} is no dump")
