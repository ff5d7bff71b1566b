"""Slack's budgets as all processes of the bot share them: one row each, held while one of them decides."""

import asyncio
import logging
from collections.abc import Collection

from pydantic import TypeAdapter, ValidationError

from bot.adapters.postgres.pool import Clock, Pool, database_clock
from bot.adapters.postgres.queries import query
from bot.adapters.slack.budgets import Budget, Budgets, in_use
from bot.adapters.slack.gate import Answer, Change

_BUDGET = TypeAdapter(Budget)
log = logging.getLogger(__name__)


class SharedBudgets:
    """The books of all processes. Raises StoreUnavailable."""

    def __init__(self, pool: Pool, *, now: Clock = database_clock) -> None:
        self._pool = pool
        self._now = now
        self._ours = asyncio.Lock()  # one connection at most waits for a row: runs need the others for their leases

    async def change(self, names: Collection[str], change: Change[Answer]) -> Answer:
        """Change these budgets as `change` says, before or after all others who do."""
        async with self._ours, self._pool.session() as connection, connection.transaction():
            asked = {"names": sorted(names), "now": self._now()}
            rows = await (await connection.execute(query("hold_budgets"), asked)).fetchall()
            stands = {name: budget for name, state, _ in rows if (budget := _read(name, state)) is not None}
            now: float = rows[0][2]
            budgets, answer = change(in_use(stands, now), now)
            await connection.execute(query("keep_budgets"), _kept(budgets))
            return answer


def _read(name: str, state: str | None) -> Budget | None:
    """None is as new; so is what another release wrote otherwise, or nothing more would ever go to Slack."""
    if state is None:
        return None
    try:
        return _BUDGET.validate_json(state)
    except ValidationError:
        log.warning("the budget %s can't be read, and begins anew", name)
        return None


def _kept(budgets: Budgets) -> dict[str, list[str]]:
    return {
        "names": list(budgets),
        "states": [_BUDGET.dump_json(budget).decode() for budget in budgets.values()],
    }
