"""The statements that run in a scratch database, by name, from `bot/sql/rehearsal`."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> bytes:
    """The statement of that name, as psycopg takes it."""
    return files("bot.sql").joinpath("rehearsal", f"{name}.sql").read_bytes()
