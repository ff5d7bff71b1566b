"""Whether this process can do its work."""

import socket

from backend_py import flag_cache
from backend_py.settings import Settings

_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # every PostgreSQL answers it with one letter


def unready(settings: Settings) -> str | None:
    """Why no request should be sent here; None when all is well."""
    if settings.database and not _speaks_postgres(settings.database):
        return "database unreachable"
    if not flag_cache.warm():
        return "flag cache is cold"
    return None


def _speaks_postgres(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=1) as connection:
            connection.sendall(_SSL_REQUEST)
            return connection.recv(1) in {b"N", b"S"}
    except OSError:
        return False
