"""Who has the relations that a migration waited for in vain, so that a person can decide about that session."""

from bot.adapters.service_database.ledger import Connection
from bot.adapters.service_database.statements import statement
from runbooks.steps.migrations.lock_rules import taken
from runbooks.steps.migrations.names import mentioned
from runbooks.steps.migrations.relations import Relations
from runbooks.steps.migrations.sql import Kind, Sql, Statement


async def holders(connection: Connection, waited: Statement) -> str:
    """Who holds what this statement needs, as clauses; "" where nobody does any more."""
    quoted, _, _ = mentioned([Sql(Kind.PLAIN, (waited,))])
    wanted = [(quoted[lock.table.name], lock.mode) for lock in taken(waited.node, Relations())]
    asked = {"names": [name for name, _ in wanted], "modes": [int(mode) for _, mode in wanted]}
    found = await (await connection.execute(statement("holders"), asked)).fetchall()
    return "; ".join(_clause(*row) for row in found)


def _clause(pid: int, name: str, state: str | None, since: str | None, relation: str) -> str:
    idle = ", idle in its transaction" if (state or "").startswith("idle in transaction") else ""
    began = f" since {since}" if since else ""
    return f"{name} (process {pid}{idle}) has held {relation}{began}"
