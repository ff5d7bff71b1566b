"""Migrations to be cut off half-way, and the turn that applies them."""

from runbooks.steps.base import Turn
from tests.fixtures.schemas import Schema

WAITS = {
    "022_shifts.sql": "create table shifts ();\nselect pg_advisory_xact_lock(42);\ncreate table late ();\n",
    "022_rollback.sql": "drop table shifts, late;",
}
OWN = {
    "022_shifts.sql": "begin;\ncreate table shifts ();\ncommit;\n"
    "select pg_advisory_lock(42);\ncreate table late ();\nselect pg_advisory_unlock(42);\n",
    "022_rollback.sql": "drop table shifts, late;",
}


def back(number: str) -> dict[str, str]:
    return {f"{number}_rollback.sql": "select 1;"}


async def applying(schema: Schema, *parts: dict[str, str], epoch: int = 7, **limits: float) -> Turn:
    return await schema.turn(schema.apply, schema.site(schema.release(*parts), **limits), epoch=epoch)
