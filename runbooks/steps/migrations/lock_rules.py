"""Which statement takes which locks on relations. Pure.

By "Explicit Locking" and the pages of the single commands in PostgreSQL's documentation, held against a server
statement by statement in the tests. Triggers of the service may take more; so may what `unknown` names.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pglast import ast
from pglast.enums import DropBehavior, ObjectType, ReindexObjectType
from pglast.visitors import Continue, Skip, Visitor

from runbooks.steps.migrations.alter_table import altered, referred_to
from runbooks.steps.migrations.lock_modes import Lock, Mode, Work
from runbooks.steps.migrations.names import dropped, of_range, of_strings, plain
from runbooks.steps.migrations.relations import Relation, Relations

_O = ObjectType
_TABLES = (_O.OBJECT_TABLE, _O.OBJECT_VIEW, _O.OBJECT_MATVIEW, _O.OBJECT_FOREIGN_TABLE)
_PARTS = (_O.OBJECT_COLUMN, _O.OBJECT_TABCONSTRAINT)
_OF_A_TABLE = (_O.OBJECT_TRIGGER, _O.OBJECT_RULE, _O.OBJECT_POLICY)


Rule = Callable[[Any, Relations], Iterator[Lock]]


def taken(node: Any, facts: Relations) -> Iterator[Lock]:
    """The locks of one statement, as far as they can hold up reads, writes or another migration."""
    return _RULES.get(type(node), _rows)(node, facts)


def _found(relation: Any, facts: Relations) -> Relation:
    return facts.find(plain(of_range(relation)))


def _family(relation: Any, facts: Relations) -> Iterator[Relation]:
    """The relation with its partitions and heirs, unless ONLY stands before it."""
    found = _found(relation, facts)
    yield from facts.family(found) if relation.inh else (found,)


def _partitions(relation: Relation, facts: Relations) -> Iterator[Relation]:
    """The relation with its partitions; heirs stay out."""
    yield from facts.family(relation) if relation.partitioned else (relation,)


def _index(node: Any, facts: Relations) -> Iterator[Lock]:
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if node.concurrent else Mode.SHARE
    table = _found(node.relation, facts)
    for each in _partitions(table, facts) if node.relation.inh else (table,):
        yield Lock(each, mode, Work.NONE if each.partitioned else Work.BUILD)


def _drop(node: Any, facts: Relations) -> Iterator[Lock]:
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if node.concurrent else Mode.ACCESS_EXCLUSIVE
    cascade = node.behavior == DropBehavior.DROP_CASCADE
    for found in (facts.find(plain(parts)) for parts in dropped(node)):
        if node.missing_ok and facts.lacks(found):
            continue
        if node.removeType == _O.OBJECT_INDEX:
            whole = facts.at(found.table) if found.table else found
            yield from (Lock(each, mode) for each in _partitions(whole, facts))
        elif node.removeType in _OF_A_TABLE:
            wide = node.removeType == _O.OBJECT_TRIGGER
            yield from (Lock(each, mode) for each in (_partitions(found, facts) if wide else (found,)))
        else:
            yield from (Lock(each, mode) for each in facts.family(found) if cascade or found.partitioned)
            yield from (Lock(each, mode) for each in (found, *_beside(found, facts, cascade=cascade)))


def _beside(table: Relation, facts: Relations, *, cascade: bool) -> Iterator[Relation]:
    """What else is locked where a table goes: its parents, the default partition beside it, its keys' other sides."""
    for parent in map(facts.at, table.parents):
        if parent.partitioned:
            yield parent
            yield from (facts.at(parent.default),) if parent.default else ()
    for key in table.keys:
        if key.table == table.name:
            yield facts.at(key.refers)
        elif cascade:
            yield facts.at(key.table)


def _create(node: Any, facts: Relations) -> Iterator[Lock]:
    """A new table locks those that it refers to, and those that it belongs to."""
    for element in node.tableElts or ():
        if isinstance(element, ast.ColumnDef | ast.Constraint):
            yield from referred_to(element, facts)
    for parent in (_found(each, facts) for each in node.inhRelations or ()):
        yield Lock(parent, Mode.ACCESS_EXCLUSIVE if node.partbound else Mode.SHARE_UPDATE_EXCLUSIVE)
        if node.partbound and parent.default:
            yield Lock(facts.at(parent.default), Mode.ACCESS_EXCLUSIVE, Work.SCAN)


def _truncate(node: Any, facts: Relations) -> Iterator[Lock]:
    for relation in node.relations:
        for each in _family(relation, facts):
            yield Lock(each, Mode.ACCESS_EXCLUSIVE)
            if node.behavior == DropBehavior.DROP_CASCADE:
                others = (key.table for key in each.keys if key.refers == each.name)
                yield from (Lock(facts.at(other), Mode.ACCESS_EXCLUSIVE) for other in others)


def _rename(node: Any, facts: Relations) -> Iterator[Lock]:
    kind = node.renameType if isinstance(node, ast.RenameStmt) else node.objectType
    if node.relation is None or (found := _found(node.relation, facts)).is_index:
        return
    if kind in _PARTS:
        yield from (Lock(each, Mode.ACCESS_EXCLUSIVE) for each in _family(node.relation, facts))
    elif kind in _OF_A_TABLE or kind in _TABLES:
        yield Lock(found, Mode.ACCESS_EXCLUSIVE)


def _reindex(node: Any, facts: Relations) -> Iterator[Lock]:
    if node.relation is None:
        return
    found = _found(node.relation, facts)
    concurrent = any(each.defname == "concurrently" for each in node.params or ())
    if node.kind == ReindexObjectType.REINDEX_OBJECT_INDEX and found.table:
        found = facts.at(found.table)
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if concurrent else Mode.SHARE
    yield from (Lock(each, mode, Work.BUILD) for each in _partitions(found, facts) if not each.partitioned)


def _vacuum(node: Any, facts: Relations) -> Iterator[Lock]:
    full = any(each.defname == "full" for each in node.options or ())
    for each in node.rels or ():
        work = Work.REWRITE if full else Work.SCAN if node.is_vacuumcmd else Work.NONE
        mode = Mode.ACCESS_EXCLUSIVE if full else Mode.SHARE_UPDATE_EXCLUSIVE
        yield from (Lock(one, mode, Work.NONE if one.partitioned else work) for one in _family(each.relation, facts))


def _trigger(node: Any, facts: Relations) -> Iterator[Lock]:
    for each in _partitions(_found(node.relation, facts), facts):
        yield Lock(each, Mode.SHARE_ROW_EXCLUSIVE)


def _rule(node: Any, facts: Relations) -> Iterator[Lock]:
    yield Lock(_found(node.relation, facts), Mode.ACCESS_EXCLUSIVE)


def _policy(node: Any, facts: Relations) -> Iterator[Lock]:
    yield Lock(_found(node.table, facts), Mode.ACCESS_EXCLUSIVE)


def _view(node: Any, facts: Relations) -> Iterator[Lock]:
    """One that is there already is replaced."""
    found = _found(node.view, facts)
    if node.replace and found.kind:
        yield Lock(found, Mode.ACCESS_EXCLUSIVE)


def _refresh(node: Any, facts: Relations) -> Iterator[Lock]:
    found = _found(node.relation, facts)
    if node.concurrent:
        yield Lock(found, Mode.EXCLUSIVE, Work.SCAN)
    else:
        yield Lock(found, Mode.ACCESS_EXCLUSIVE, Work.REWRITE)


def _cluster(node: Any, facts: Relations) -> Iterator[Lock]:
    if node.relation:
        yield Lock(_found(node.relation, facts), Mode.ACCESS_EXCLUSIVE, Work.REWRITE)


def _lock(node: Any, facts: Relations) -> Iterator[Lock]:
    if node.mode >= Mode.ROW_EXCLUSIVE:
        for relation in node.relations:
            yield from (Lock(each, Mode(node.mode)) for each in _family(relation, facts))


def _statistics(node: Any, facts: Relations) -> Iterator[Lock]:
    yield from (Lock(_found(relation, facts), Mode.SHARE_UPDATE_EXCLUSIVE) for relation in node.relations)


def _copy(node: Any, facts: Relations) -> Iterator[Lock]:
    if node.is_from:
        yield Lock(_found(node.relation, facts), Mode.ROW_EXCLUSIVE, Work.ROWS)


def _comment(node: Any, facts: Relations) -> Iterator[Lock]:
    if node.objtype in _TABLES or node.objtype == _O.OBJECT_COLUMN:
        parts = of_strings(node.object)
        name = parts[:-1] if node.objtype == _O.OBJECT_COLUMN else parts
        yield Lock(facts.find(plain(name)), Mode.SHARE_UPDATE_EXCLUSIVE)


def _rows(node: Any, facts: Relations) -> Iterator[Lock]:
    """What changes rows, wherever in the statement it stands."""
    writes = _Writes()
    writes(node)
    for relation, work in writes.found:
        found = _found(relation, facts)
        one = isinstance(node, ast.InsertStmt) and relation is node.relation  # its partitions are not known before
        for each in (found,) if one else _family(relation, facts):
            yield Lock(each, Mode.ROW_EXCLUSIVE, Work.NONE if each.partitioned and not one else work)


class _Writes(Visitor):
    def __init__(self) -> None:
        self.found: list[tuple[Any, Work]] = []

    def visit_CreateFunctionStmt(self, _ancestors: object, _node: Any) -> object:  # noqa: N802 # the parser's names
        return Skip  # its body does not run here

    def visit_InsertStmt(self, _ancestors: object, node: Any) -> object:  # noqa: N802 # the parser's names
        rows_given = node.selectStmt is None or bool(node.selectStmt.valuesLists)
        self.found.append((node.relation, Work.NONE if rows_given else Work.ROWS))
        return Continue

    def _changed(self, _ancestors: object, node: Any) -> object:
        self.found.append((node.relation, Work.ROWS))
        return Continue

    visit_UpdateStmt = visit_DeleteStmt = visit_MergeStmt = _changed  # noqa: N815 # the parser's names


_RULES: Mapping[type, Rule] = {
    ast.AlterTableStmt: altered,
    ast.IndexStmt: _index,
    ast.DropStmt: _drop,
    ast.CreateStmt: _create,
    ast.TruncateStmt: _truncate,
    ast.RenameStmt: _rename,
    ast.AlterObjectSchemaStmt: _rename,
    ast.CreateTrigStmt: _trigger,
    ast.RuleStmt: _rule,
    ast.CreatePolicyStmt: _policy,
    ast.AlterPolicyStmt: _policy,
    ast.ViewStmt: _view,
    ast.RefreshMatViewStmt: _refresh,
    ast.ClusterStmt: _cluster,
    ast.ReindexStmt: _reindex,
    ast.VacuumStmt: _vacuum,
    ast.LockStmt: _lock,
    ast.CreateStatsStmt: _statistics,
    ast.CommentStmt: _comment,
    ast.CopyStmt: _copy,
}
