"""A service's database that falls silent in the middle of a call."""

import asyncio
import struct

import pytest

from bot.adapters.service_database.database import ServiceDatabases
from tests.steps import places


def _told(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


_PRIMARY = {b"server_version": b"17.0", b"in_hot_standby": b"off", b"default_transaction_read_only": b"off"}
_WELCOME = b"".join(
    [
        _told(b"R", struct.pack("!i", 0)),
        *(_told(b"S", name + b"\0" + value + b"\0") for name, value in _PRIMARY.items()),
        _told(b"K", struct.pack("!ii", 1, 1)),  # what it takes to ask for a cancellation
        _told(b"Z", b"I"),
    ]
)


async def test_whoever_gives_up_on_it_is_let_go_at_once() -> None:
    """Nothing more is asked of it: not even to cancel what it does not answer."""
    came, asked, gone = 0, asyncio.Event(), asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        await reader.read(4096)
        writer.write(_WELCOME)
        await reader.read(4096)  # the first statement
        asked.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"postgresql://opsbot@127.0.0.1:{port}/service?sslmode=disable&gssencmode=disable"
        place = places.site(environment={"database": "DB"}, service={"migrations": {"folder": "db/migrations"}})
        call = asyncio.create_task(ServiceDatabases({"DB": url}.__getitem__).fence(place, 9))
        await asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await gone.wait()
    assert came == 1
