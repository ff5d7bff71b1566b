"""What a migration's SQL is, told by PostgreSQL's own parser: its statements, and how it has to be run. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pglast import ast, parse_sql, split
from pglast.enums import AlterTableType, ReindexObjectType, TransactionStmtKind
from pglast.parser import ParseError

DECLARATION = "-- outside-transactions"
_DECLARED = re.compile(r"--\s*outside[ -]transactions?\b.*", re.IGNORECASE)
_COPY_BEFORE = re.compile(r"\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;\s*$", re.IGNORECASE)
_SHORTER = {ord(c): " " for c in "\r\n\t"}


class Kind(StrEnum):
    """How a file has to be run."""

    PLAIN = "plain"  # in one transaction with its ledger row
    OWN_TRANSACTION = "own-transaction"  # it begins and commits by itself: run as written
    OUTSIDE_TRANSACTIONS = "outside-transactions"  # statement by statement, none in a transaction


@dataclass(frozen=True)
class Statement:
    """One statement, and the line of the file it begins in."""

    text: str
    line: int
    node: Any = field(compare=False, repr=False)  # the parser's tree


@dataclass(frozen=True)
class Sql:
    """A file's SQL, parsed; `indexes` are those built concurrently, which must be looked at afterwards."""

    kind: Kind
    statements: tuple[Statement, ...]
    indexes: tuple[str, ...] = ()


class SqlRefused(Exception):
    """The file can't be run: every fault begins with file:line and says what would be right."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


def analyse(name: str, text: str) -> Sql:
    """Parse a file and tell how it has to be run. Raises SqlRefused."""
    if "\ufffd" in text:
        line = _line(text, text.index("\ufffd"))
        raise SqlRefused([f"{name}:{line}: this is not UTF-8. Save the file as UTF-8."])
    statements = _parse(name, text)
    declared = bool(_DECLARED.fullmatch(text.partition("\n")[0].strip()))
    faults = [f"{name}:{line}: {what}" for line, what in _faults(statements, declared=declared)]
    if faults:
        raise SqlRefused(faults)
    return Sql(_kind(statements, declared=declared), statements, tuple(_indexes(statements)))


def _parse(name: str, text: str) -> tuple[Statement, ...]:
    try:
        nodes = parse_sql(text)
    except ParseError as cause:
        message, location = cause.args
        raise SqlRefused([f"{name}:{_syntax(text, message, location)}"]) from cause
    parts = zip(nodes, split(text, only_slices=True), strict=True) if nodes else ()
    return tuple(Statement(text[at], _line(text, at.start), node.stmt) for node, at in parts)


def _syntax(text: str, message: str, location: int | None) -> str:
    at = min(location or 0, len(text))
    copied = _COPY_BEFORE.search(text[:at])
    if copied:
        return f"{_line(text, copied.start())}: {_COPY}"
    if text[at : at + 1] == "\\":
        command = text[at:].split(maxsplit=1)[0]
        return f"{_line(text, at)}: {command} is a command of psql, not SQL. Write what it does as SQL."
    return f"{_line(text, at)}: {message.translate(_SHORTER)[:120]}."


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


_COPY = "COPY from or to the client has no data here. Write the rows as INSERT."
_BEGIN = (TransactionStmtKind.TRANS_STMT_BEGIN, TransactionStmtKind.TRANS_STMT_START)
_END = (TransactionStmtKind.TRANS_STMT_COMMIT, TransactionStmtKind.TRANS_STMT_ROLLBACK)
_INSIDE = (
    TransactionStmtKind.TRANS_STMT_SAVEPOINT,
    TransactionStmtKind.TRANS_STMT_RELEASE,
    TransactionStmtKind.TRANS_STMT_ROLLBACK_TO,
)


def _faults(statements: tuple[Statement, ...], *, declared: bool) -> Iterator[tuple[int, str]]:
    began = 0  # the line of the BEGIN that is open
    for statement in statements:
        node, line = statement.node, statement.line
        if isinstance(node, ast.TransactionStmt):
            fault = _transaction_fault(node, is_open=bool(began))
            began = line if node.kind in _BEGIN or node.chain else began if node.kind in _INSIDE else 0
        else:
            fault = _statement_fault(node, is_open=bool(began), declared=declared)
        if fault:
            yield line, fault
    if began:
        yield began, "BEGIN without COMMIT. End the transaction in the same file."


def _transaction_fault(node: Any, *, is_open: bool) -> str:
    if node.kind in _INSIDE:
        return ""
    if node.kind in _BEGIN:
        return "BEGIN inside BEGIN. End the first transaction before." if is_open else ""
    if node.kind in _END:
        return "" if is_open else "COMMIT or ROLLBACK without BEGIN. Leave it out, or begin a transaction."
    return "a prepared transaction outlives the migration. Use BEGIN and COMMIT."


def _statement_fault(node: Any, *, is_open: bool, declared: bool) -> str:
    if isinstance(node, ast.CopyStmt) and node.filename is None:
        return _COPY
    if not outside_only(node):
        return ""
    if is_open:
        return "this can't run between BEGIN and COMMIT. Move it out."
    if not declared:
        return f"this can't run in a transaction. Say so in the file's first line: {DECLARATION}"
    if isinstance(node, ast.IndexStmt) and not node.idxname:
        return "an index built concurrently needs a name, so that it can be looked at afterwards."
    return ""


def _kind(statements: tuple[Statement, ...], *, declared: bool) -> Kind:
    if declared:
        return Kind.OUTSIDE_TRANSACTIONS
    own = any(isinstance(s.node, ast.TransactionStmt) and s.node.kind in _BEGIN for s in statements)
    return Kind.OWN_TRANSACTION if own else Kind.PLAIN


def outside_only(node: Any) -> bool:
    """Whether PostgreSQL refuses this statement inside a transaction."""
    match node:
        case ast.IndexStmt() | ast.DropStmt():
            return bool(node.concurrent)
        case ast.VacuumStmt():
            return bool(node.is_vacuumcmd)
        case ast.ReindexStmt():
            whole = (ReindexObjectType.REINDEX_OBJECT_DATABASE, ReindexObjectType.REINDEX_OBJECT_SYSTEM)
            return node.kind in whole or any(p.defname == "concurrently" for p in node.params or ())
        case ast.AlterTableStmt():
            return any(_detaches_concurrently(c) for c in node.cmds or ())
        case ast.ClusterStmt():
            return node.relation is None
    return isinstance(node, _NEVER_INSIDE)


_NEVER_INSIDE = (
    ast.CreatedbStmt,
    ast.DropdbStmt,
    ast.AlterSystemStmt,
    ast.CreateTableSpaceStmt,
    ast.DropTableSpaceStmt,
    ast.CreateSubscriptionStmt,
    ast.DropSubscriptionStmt,
)


def _detaches_concurrently(command: Any) -> bool:
    return command.subtype == AlterTableType.AT_DetachPartition and bool(command.def_.concurrent)


def _indexes(statements: tuple[Statement, ...]) -> Iterator[str]:
    for statement in statements:
        node = statement.node
        if isinstance(node, ast.IndexStmt) and node.concurrent:
            schema = node.relation.schemaname if node.relation else None
            yield ".".join(f'"{part}"' for part in (schema, node.idxname) if part)
