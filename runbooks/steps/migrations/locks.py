"""What a migration holds locked, and for how long: its statements' locks, put together by its transactions. Pure.

A lock is held to the end of its transaction. So a table that is only touched for a moment stays locked while a later
statement of the same file works through another one. What the migrations make themselves is nobody's to wait for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pglast import ast
from pglast.enums import DropBehavior, ObjectType, TransactionStmtKind

from runbooks.steps.migrations.lock_modes import Lock, Mode, Work
from runbooks.steps.migrations.lock_rules import taken
from runbooks.steps.migrations.names import called, of_range, plain
from runbooks.steps.migrations.relations import Relation, Relations
from runbooks.steps.migrations.sql import Kind, Sql, Statement

_BEGIN = (TransactionStmtKind.TRANS_STMT_BEGIN, TransactionStmtKind.TRANS_STMT_START)
_END = (TransactionStmtKind.TRANS_STMT_COMMIT, TransactionStmtKind.TRANS_STMT_ROLLBACK)
_GONE_WITH_OTHERS = (
    ObjectType.OBJECT_SCHEMA,
    ObjectType.OBJECT_TYPE,
    ObjectType.OBJECT_DOMAIN,
    ObjectType.OBJECT_FUNCTION,
)


@dataclass(frozen=True)
class Hold:
    """One relation in one file: the strictest that is held of it, and the work that is done meanwhile."""

    table: Relation
    mode: Mode
    work: Work = Work.NONE
    over: str = ""  # the relation that the work is done with, where it is another one

    @property
    def rank(self) -> tuple[bool, bool, bool, int, int]:
        """What is worse comes later."""
        reads, writes = self.mode is Mode.ACCESS_EXCLUSIVE, bool(self.mode.blocks)
        return (writes and bool(self.work), reads, bool(self.work), self.mode, self.work)


@dataclass(frozen=True)
class FileLocks:
    """All that one file holds, worst first, and what of it can't be told (clauses)."""

    holds: tuple[Hold, ...]
    unknown: tuple[str, ...] = ()


def locks_of(sqls: Sequence[Sql], facts: Relations) -> Iterator[FileLocks]:
    """Of each file, in the order in which they are applied: what one makes is new to the next."""
    made: dict[str, Relation] = {}
    for sql in sqls:
        holds: dict[str, Hold] = {}
        for part in _transactions(sql):
            found = [(lock, step) for step, each in enumerate(part) for lock in _of(each, facts, made)]
            for hold in _held(found):
                if hold.table.name not in holds or hold.rank > holds[hold.table.name].rank:
                    holds[hold.table.name] = hold
        unknown = (why for each in sql.statements if (why := _unknown(each, facts)))
        yield FileLocks(tuple(sorted(holds.values(), key=lambda h: h.rank, reverse=True)), tuple(unknown))


def _transactions(sql: Sql) -> Iterator[list[Statement]]:
    """The statements that are committed together."""
    if sql.kind is Kind.PLAIN:
        yield list(sql.statements)
        return
    part: list[Statement] = []
    is_open = False
    for statement in sql.statements:
        node = statement.node
        if isinstance(node, ast.TransactionStmt):
            is_open = node.kind in _BEGIN or (is_open and node.kind not in _END) or bool(node.chain)
        else:
            part.append(statement)
        if not is_open:
            yield part
            part = []


def _of(statement: Statement, facts: Relations, made: dict[str, Relation]) -> Iterator[Lock]:
    """A statement's locks on what was there before; notes what it makes, and what it calls otherwise."""
    now = replace(facts, asked={**facts.asked, **{name: new.name for name, new in made.items()}})
    known = replace(now, by_name={**facts.by_name, **{new.name: new for new in made.values()}})
    yield from (lock for lock in taken(statement.node, known) if not lock.table.new and not lock.table.is_index)
    for name in _makes(statement.node, facts):
        made[name] = Relation(name, new=True)
    if isinstance(statement.node, ast.RenameStmt) and statement.node.renameType == ObjectType.OBJECT_TABLE:
        old = of_range(statement.node.relation)
        made[plain((*old[:-1], str(statement.node.newname)))] = known.find(plain(old))


def _makes(node: Any, facts: Relations) -> Iterator[str]:
    """The tables and views that a statement makes."""
    match node:
        case ast.CreateStmt():
            relation, spared = node.relation, bool(node.if_not_exists)
        case ast.CreateTableAsStmt() if node.into:
            relation, spared = node.into.rel, bool(node.if_not_exists)
        case ast.ViewStmt():
            relation, spared = node.view, bool(node.replace)
        case _:
            return
    name = plain(of_range(relation))
    if not spared or facts.lacks(facts.find(name)):
        yield name


def _held(found: Sequence[tuple[Lock, int]]) -> Iterator[Hold]:
    """Each lock of one transaction with the worst work that is done from then on: on its own table, or on others."""
    for lock, step in found:
        later = [other for other, at in found if at >= step]
        own = max(other.work for other in later if other.table.name == lock.table.name)
        if own or not lock.mode.blocks:
            yield Hold(lock.table, lock.mode, own)
            continue
        worst = max(later, key=lambda other: other.work)
        yield Hold(lock.table, lock.mode, worst.work, worst.table.name if worst.work else "")


def _unknown(statement: Statement, facts: Relations) -> str:
    """Why it can't be told what a statement locks; "" where it can."""
    node, at = statement.node, f"at line {statement.line}"
    match node:
        case ast.DoStmt():
            return f"a DO block {at}"
        case ast.CallStmt():
            return f"a CALL {at}"
        case ast.DropStmt() if node.behavior == DropBehavior.DROP_CASCADE and node.removeType in _GONE_WITH_OTHERS:
            return f"DROP ... CASCADE {at}"
        case ast.AlterDomainStmt():
            return f"ALTER DOMAIN {at}, which looks through all tables with columns of it"
        case ast.DropOwnedStmt() | ast.ReassignOwnedStmt() | ast.AlterTableMoveAllStmt():
            return f"all that a role or tablespace has, {at}"
        case ast.SelectStmt() if facts.server and (others := sorted(called(node) - facts.own)):
            return f"the function {others[0]}, called {at}"
    return ""
