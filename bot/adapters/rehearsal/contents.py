"""The rows of tables, each value as its digest: what is lost on the way back is counted by them."""

from collections.abc import Collection

import psycopg

from bot.adapters.rehearsal.statements import statement
from bot.adapters.rehearsal.writing import Connection, asked, written
from runbooks.rehearsal.scratch import COMPARED, Contents


async def contents(connection: Connection, names: Collection[str], most: int = COMPARED) -> dict[str, Contents]:
    """Of these tables, in autocommit, `most` rows of each; what is not there is left out.

    A digest is MD5 of the value's text, hex.
    """
    found = {}
    async with connection.transaction():
        await asked(connection, written("fill_settings"))
        for name in sorted(set(names)):
            try:
                async with connection.transaction():
                    cursor = await connection.execute(statement("contents_columns"), {"name": name})
                    row = await cursor.fetchone()
            except psycopg.errors.SyntaxErrorOrAccessRuleViolation:
                continue
            if row is not None:
                columns = tuple(row[1] or ())
                digests = ", ".join(written("contents_digest", column=column) for column in columns)
                order = ", ".join(row[2] or ["1"])  # without a key by all that is in them
                text = written("contents", digests=digests, table=row[0], order=order, limit=most + 1)
                rows = [tuple(values) for (values,) in await asked(connection, text)]
                found[name] = Contents(columns, tuple(rows[:most]), partial=len(rows) > most)
    return found
