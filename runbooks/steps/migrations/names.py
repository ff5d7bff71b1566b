"""How a migration's parse tree names relations, types and functions. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pglast import ast
from pglast.enums import ObjectType
from pglast.visitors import Continue, Visitor

from runbooks.steps.migrations.sql import Sql

_OF_A_TABLE = (ObjectType.OBJECT_TRIGGER, ObjectType.OBJECT_RULE, ObjectType.OBJECT_POLICY)
_RELATIONS = (
    ObjectType.OBJECT_TABLE,
    ObjectType.OBJECT_FOREIGN_TABLE,
    ObjectType.OBJECT_INDEX,
    ObjectType.OBJECT_VIEW,
    ObjectType.OBJECT_MATVIEW,
)

Parts = tuple[str, ...]
"""A name in its parts: ("shop", "orders")."""


def of_range(relation: Any) -> Parts:
    """A relation's name as a statement writes it."""
    return tuple(part for part in (relation.schemaname, relation.relname) if part)


def of_strings(strings: Any) -> Parts:
    """A name that the parser keeps as a list of strings."""
    return tuple(str(s.sval) for s in strings or () if isinstance(s, ast.String))


def plain(parts: Parts) -> str:
    """For people, and as a key: shop.orders."""
    return ".".join(parts)


def quoted(parts: Parts) -> str:
    """For the server: "shop"."orders"."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def dropped(node: Any) -> Iterator[Parts]:
    """The relations that a DROP names, or whose triggers, rules or policies it drops."""
    for each in node.objects or ():
        parts = of_strings(each)
        if node.removeType in _OF_A_TABLE:
            yield parts[:-1]
        elif node.removeType in _RELATIONS:
            yield parts


class _Mentions(Visitor):
    """Collects all names of a statement that the database may know."""

    def __init__(self) -> None:
        self.relations: dict[str, str] = {}
        self.functions: set[str] = set()
        self.types: dict[str, str] = {}

    def _relation(self, parts: Parts) -> None:
        if parts:
            self.relations[plain(parts)] = quoted(parts)

    def visit_RangeVar(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        self._relation(of_range(node))
        return Continue

    def visit_DropStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        for parts in dropped(node):
            self._relation(parts)
        return Continue

    def visit_CommentStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        if node.objtype == ObjectType.OBJECT_COLUMN:
            self._relation(of_strings(node.object)[:-1])
        elif node.objtype in _RELATIONS:
            self._relation(of_strings(node.object))
        return Continue

    def visit_FuncCall(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        self.functions.add(of_strings(node.funcname)[-1])
        return Continue

    def visit_TypeName(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        parts = of_strings(node.names)
        self.types[plain(parts)] = quoted(parts)
        return Continue


def mentioned(sqls: Iterable[Sql]) -> tuple[Mapping[str, str], frozenset[str], Mapping[str, str]]:
    """What to ask the database about: relations, functions, types; relations and types plain to quoted."""
    found = _Mentions()
    for sql in sqls:
        for statement in sql.statements:
            found(statement.node)
    return found.relations, frozenset(found.functions), found.types


def called(node: Any) -> frozenset[str]:
    """The functions that a statement or an expression calls, without their schemas."""
    found = _Mentions()
    found(node)
    return frozenset(found.functions)
