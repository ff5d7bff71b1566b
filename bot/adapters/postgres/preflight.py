"""What must hold before the bot serves: the database answers, its schema is complete, and the role is restricted."""

import asyncio
import time

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from bot.adapters.postgres.errors import translated
from bot.adapters.postgres.migrate import migrations
from bot.adapters.postgres.pool import conninfo, understood
from bot.adapters.postgres.queries import query
from runbooks.store import StoreUnavailable

_BETWEEN_TRIES = 0.25
_ONE_TRY = 2.0


class NotReady(Exception):
    """The bot must not serve on this database; the message says what to do."""


async def wait_until_reachable(url: str, *, deadline: float = 30) -> None:
    """Return once the database accepts us. StoreUnavailable after `deadline` seconds, in words without a password."""
    place = _place(url)
    ends = time.monotonic() + deadline
    while True:
        try:
            async with asyncio.timeout(_ONE_TRY):
                connection = await AsyncConnection.connect(url)
            await connection.close()
        except (psycopg.OperationalError, TimeoutError) as exc:
            if time.monotonic() + _BETWEEN_TRIES > ends:
                last = (str(exc).splitlines() or ["no answer"])[-1].strip()
                raise StoreUnavailable(f"no database at {place} after {deadline:g} s: {last}") from exc
        else:
            return
        await asyncio.sleep(_BETWEEN_TRIES)


async def assert_migrated(url: str) -> None:
    """NotReady where a migration that this version needs is missing, or differs from its file."""
    try:
        async with await _connected(url) as connection:
            with translated():
                stands = await (await connection.execute(query("ledger_stands"))).fetchone()
                rows = await (await connection.execute(query("ledger"))).fetchall() if stands and stands[0] else []
    except psycopg.errors.InsufficientPrivilege as exc:
        raise NotReady(
            f"the database role {conninfo_to_dict(url).get('user')} may not read the tables: "
            "connect as the bot's own user, which `opsbot migrate` lets in"
        ) from exc
    applied = {number: checksum for number, _, checksum in rows}
    missing = [each.name for each in migrations() if applied.get(each.number) != each.checksum]
    if missing:
        raise NotReady(f"the database lacks {', '.join(missing)}: run `opsbot migrate` with the owner's URL")


async def assert_restricted(url: str) -> None:
    """NotReady where the connected role could change or remove what is recorded."""
    async with await _connected(url) as connection:
        with translated():
            row = await (await connection.execute(query("privileges"))).fetchone()
    role, superuser, owner, rewrites, creates = row or ("nobody", False, False, False, False)
    reasons = {
        "is a superuser": superuser,
        "owns the tables": owner,
        "may change or delete events": rewrites,
        "may create tables": creates,
    }
    found = [reason for reason, holds in reasons.items() if holds]
    if found:
        raise NotReady(
            f"the database role {role} {', '.join(found)}: connect as the bot's own user, "
            "which `opsbot migrate` lets in"
        )


async def _connected(url: str) -> AsyncConnection[tuple[object, ...]]:
    with translated():
        return await AsyncConnection.connect(conninfo(url, silent_after=_ONE_TRY), autocommit=True)


def _place(url: str) -> str:
    told = understood(url)
    return f"{told.get('host', 'localhost')}:{told.get('port', 5432)}/{told.get('dbname', '')}"
