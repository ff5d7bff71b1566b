"""The statements that run in a service's database, by name, from `bot/sql/service_*.sql`."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> bytes:
    """The statement of that name, as psycopg takes it."""
    return files("bot.sql").joinpath(f"service_{name}.sql").read_bytes()
