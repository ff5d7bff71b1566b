"""What files make of roles is put back: they belong to the whole server."""

import psycopg
import pytest

from bot.adapters.rehearsal.roles import restore, roles
from sandbox.postgres import PostgresServer

_BEFORE = """
create role "Odd Group"; create role member login connection limit 3 valid until '2030-01-01'; create role other;
grant "Odd Group" to member with admin option, inherit false;
alter role member set search_path = app, "Odd.Schema"; alter role member set work_mem = '8MB';
comment on role member is 'Made up';
"""


@pytest.mark.parametrize(
    "change",
    [
        'create role guest superuser; grant guest to member; grant "Odd Group" to guest',
        "drop role member",
        'drop role "Odd Group"',
        "alter role member nologin createdb connection limit -1 valid until 'infinity'",
        "alter role member reset all; alter role member set work_mem = '9MB'; alter role member set jit = off",
        "comment on role member is null",
        'revoke "Odd Group" from member',
        'grant "Odd Group" to member with inherit true, set false',
        'grant other to member; grant other to "Odd Group"',
    ],
)
async def test_roles_are_as_they_were(postgres_server: PostgresServer, change: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_server.url(), autocommit=True) as connection:
        clean = await roles(connection)
        await connection.execute(_BEFORE.encode())
        before = await roles(connection)
        await connection.execute(change.encode())
        assert await roles(connection) != before
        await restore(connection, before)
        assert await roles(connection) == before
        await restore(connection, clean)
        assert await roles(connection) == clean
