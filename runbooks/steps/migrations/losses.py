"""What a migration takes away, and whether there is a way back: read from its parse tree. Pure.

It judges statements, not data; what it can't read (a DO block) it says so of.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, CmdType, DropBehavior, ObjectType, OnConflictAction
from pglast.visitors import Continue, Skip, Visitor

from runbooks.steps.migrations.sql import Sql


class Class(StrEnum):
    """What can be had back after a migration."""

    REVERSIBLE = "reversible"  # its rollback script takes it back
    FORWARD_ONLY = "forward-only"  # nothing is lost at once, but what was before does not come back
    DESTRUCTIVE = "destructive"  # data goes, and no script brings it back


@dataclass(frozen=True)
class Loss:
    """What running a script takes away for good, as a clause: "drops table tenant_flags".

    Where it is a table's rows, or a column's values, they are named as the script names them; where it is neither,
    no count tells how much it is.
    """

    what: str
    table: tuple[str, ...] = ()  # its schema, if it is given, and its name
    column: str = ""
    data: bool = True  # whether data may go; what else can't be had back is an enum's new value


@dataclass
class _Findings:
    losses: list[Loss] = field(default_factory=list)
    one_way: list[Loss] = field(default_factory=list)


def classify(sql: Sql, rollback: Sql | None) -> tuple[Class, tuple[str, ...]]:
    """The class of a migration, and why."""
    found = _read(sql)
    if found.losses:
        return Class.DESTRUCTIVE, tuple(loss.what for loss in found.losses)
    one_way = [loss.what for loss in found.one_way]
    if rollback is None or not rollback.statements:
        one_way.append("its rollback script does nothing" if rollback else "it has no rollback script")
    return (Class.FORWARD_ONLY, tuple(one_way)) if one_way else (Class.REVERSIBLE, ())


def losses(sql: Sql) -> tuple[str, ...]:
    """What running this takes away for good, each as a clause: "drops table tenant_flags"."""
    found = _read(sql)
    return tuple(loss.what for loss in (*found.losses, *found.one_way))


def data_losses(sql: Sql) -> tuple[Loss, ...]:
    """What of it is data, or may be."""
    found = _read(sql)
    return tuple(loss for loss in (*found.losses, *found.one_way) if loss.data)


def _read(sql: Sql) -> _Findings:
    reader = _Reader()
    for statement in sql.statements:
        reader(statement.node)
    found = reader.found
    return _Findings(list(dict.fromkeys(found.losses)), list(dict.fromkeys(found.one_way)))


_DROPS = {
    ObjectType.OBJECT_TABLE: "table",
    ObjectType.OBJECT_FOREIGN_TABLE: "foreign table",
    ObjectType.OBJECT_SEQUENCE: "sequence",
}


class _Reader(Visitor):
    """Collects what statements take away; what the file itself made before is nobody's loss."""

    def __init__(self) -> None:
        self.found = _Findings()
        self._made: set[str] = set()  # tables, and columns as table.column

    def visit_CreateFunctionStmt(self, _ancestors: object, _node: Any) -> object:  # noqa: N802 # the parser's names
        return Skip  # its body does not run here

    def visit_RuleStmt(self, _ancestors: object, _node: Any) -> object:  # noqa: N802 # the parser's names
        return Skip  # neither does this

    def visit_CreateStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        if not node.if_not_exists:
            self._made.add(_name(node.relation))
        return Continue

    def visit_CreateTableAsStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        if not node.if_not_exists:
            self._made.add(_name(node.into.rel))
        return Continue

    def visit_DropStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        cascade = node.behavior == DropBehavior.DROP_CASCADE
        what = _DROPS.get(node.removeType)
        is_table = node.removeType == ObjectType.OBJECT_TABLE
        for dropped in node.objects:
            name, table = _dotted(dropped), _parts(dropped) if is_table else ()
            if cascade:
                self._loses(f"drops {name} and all that depends on it", table)
            elif what and name not in self._made:
                self._loses(f"drops {what} {name}", table)
        return Continue

    def _loses(self, what: str, table: tuple[str, ...] = (), column: str = "") -> None:
        self.found.losses.append(Loss(what, table, column))

    def _loses_some(self, what: str, table: tuple[str, ...] = (), column: str = "", *, data: bool = True) -> None:
        self.found.one_way.append(Loss(what, table, column, data))

    def visit_AlterTableStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        for command in node.cmds:
            self._alter(node.relation, command)
        return Continue

    def _alter(self, relation: Any, command: Any) -> None:
        table = _name(relation)
        column = f"{table}.{command.name}"
        match command.subtype:
            case AlterTableType.AT_AddColumn if not command.missing_ok:
                self._made.add(f"{table}.{command.def_.colname}")
            case AlterTableType.AT_DropColumn if not self._is_made(table, column):
                self._loses(f"drops column {column}", _relation(relation), command.name)
            case AlterTableType.AT_AlterColumnType if not self._is_made(table, column):
                self._loses(f"changes the type of {column}", _relation(relation), command.name)

    def visit_TruncateStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        for relation in node.relations:
            if (table := _name(relation)) not in self._made:
                self._loses(f"empties {table}", _relation(relation))
        return Continue

    def visit_DeleteStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        if (table := _name(node.relation)) not in self._made:
            self._loses(f"deletes rows of {table}", _relation(node.relation))
        return Continue

    def visit_DropOwnedStmt(self, _ancestors: object, _node: Any) -> object:  # noqa: N802 # the parser's names
        self._loses("drops all that a role owns")
        return Continue

    def visit_DropdbStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        self._loses(f"drops database {node.dbname}")
        return Continue

    def visit_UpdateStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        self._overwrite(node.relation, node.targetList)
        return Continue

    def visit_InsertStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        clause = node.onConflictClause
        if clause and clause.action == OnConflictAction.ONCONFLICT_UPDATE:
            self._overwrite(node.relation, clause.targetList)
        return Continue

    def visit_MergeStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        table = _name(node.relation)
        for clause in node.mergeWhenClauses:
            if clause.commandType == CmdType.CMD_DELETE and table not in self._made:
                self._loses(f"deletes rows of {table}", _relation(node.relation))
            if clause.commandType == CmdType.CMD_UPDATE:
                self._overwrite(node.relation, clause.targetList)
        return Continue

    def _overwrite(self, relation: Any, targets: Any) -> None:
        table = _name(relation)
        for target in targets:
            if not self._is_made(table, column := f"{table}.{target.name}"):
                self._loses_some(f"overwrites {column}", _relation(relation), target.name)

    def visit_AlterEnumStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        if node.newVal and not node.oldVal:
            what = f"adds a value to type {_dotted(node.typeName)}, which can't be taken out"
            self._loses_some(what, data=False)
        return Continue

    def visit_DoStmt(self, _ancestors: object, _node: Any) -> object:  # noqa: N802 # the parser's names
        self._loses_some("runs a DO block, which can't be judged")
        return Continue

    def _is_made(self, table: str, column: str) -> bool:
        return table in self._made or column in self._made


def _name(relation: Any) -> str:
    return ".".join(_relation(relation))


def _relation(relation: Any) -> tuple[str, ...]:
    return tuple(part for part in (relation.schemaname, relation.relname) if part)


def _parts(dropped: Any) -> tuple[str, ...]:
    return tuple(str(part.sval) for part in dropped) if isinstance(dropped, tuple) else ()


def _dotted(parts: Any) -> str:
    match parts:
        case ast.TypeName():
            return _dotted(parts.names)
        case ast.ObjectWithArgs():
            return _dotted(parts.objname)
        case ast.String():
            return str(parts.sval)
        case tuple():
            return ".".join(filter(None, map(_dotted, parts)))
    return ""
