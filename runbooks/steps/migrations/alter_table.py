"""The locks of ALTER TABLE, form by form, and which of them read or write the whole table. Pure.

By "ALTER TABLE" of PostgreSQL's documentation, and held against a server form by form in the tests. Several forms in
one statement take the strictest lock that any of them needs. Where the text does not tell, the worse is assumed.
"""

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType

from runbooks.steps.migrations.column_types import keeps_rows, makes_rows
from runbooks.steps.migrations.lock_modes import Lock, Mode, Work
from runbooks.steps.migrations.names import of_range, plain
from runbooks.steps.migrations.relations import Relation, Relations

_T = AlterTableType
_SHARE_UPDATE = {
    _T.AT_SetStatistics,
    _T.AT_SetOptions,
    _T.AT_ResetOptions,
    _T.AT_ClusterOn,
    _T.AT_DropCluster,
    _T.AT_ValidateConstraint,
    _T.AT_AttachPartition,
    _T.AT_DetachPartitionFinalize,
}
_SHARE_ROW = {
    _T.AT_EnableTrig,
    _T.AT_EnableAlwaysTrig,
    _T.AT_EnableReplicaTrig,
    _T.AT_EnableTrigAll,
    _T.AT_EnableTrigUser,
    _T.AT_DisableTrig,
    _T.AT_DisableTrigAll,
    _T.AT_DisableTrigUser,
}
_ALONE = _SHARE_ROW | {
    _T.AT_SetOptions,
    _T.AT_ResetOptions,
    _T.AT_SetRelOptions,
    _T.AT_ResetRelOptions,
    _T.AT_ClusterOn,
    _T.AT_DropCluster,
    _T.AT_ChangeOwner,
    _T.AT_ReplicaIdentity,
    _T.AT_EnableRowSecurity,
    _T.AT_DisableRowSecurity,
    _T.AT_ForceRowSecurity,
    _T.AT_NoForceRowSecurity,
    _T.AT_SetLogged,
    _T.AT_SetUnLogged,
    _T.AT_SetTableSpace,
    _T.AT_SetAccessMethod,
    _T.AT_AddInherit,
    _T.AT_DropInherit,
    _T.AT_AttachPartition,
    _T.AT_DetachPartition,
    _T.AT_DetachPartitionFinalize,
}
"""Forms that leave partitions and heirs alone."""
_STRICT_OPTIONS = {"user_catalog_table", "security_barrier", "security_invoker", "check_option"}
_WRITTEN_ANEW = {_T.AT_SetLogged, _T.AT_SetUnLogged, _T.AT_SetTableSpace, _T.AT_SetAccessMethod, _T.AT_SetExpression}


def altered(node: Any, facts: Relations) -> Iterator[Lock]:
    """The locks of one ALTER TABLE."""
    table = facts.find(plain(of_range(node.relation)))
    if table.is_index or (node.missing_ok and facts.lacks(table)):
        return  # what an index's form locks is the index alone
    modes = [_mode(command) for command in node.cmds]
    works = [_work(command, table, facts) for command in node.cmds]
    wide = node.relation.inh and any(command.subtype not in _ALONE for command in node.cmds)
    for each in facts.family(table) if wide else (table,):
        yield Lock(each, max(modes), Work.NONE if each.partitioned else max(works))
    for command in node.cmds:
        yield from _others(command, table, facts)


def _mode(command: Any) -> Mode:
    match command.subtype:
        case form if form in _SHARE_UPDATE:
            return Mode.SHARE_UPDATE_EXCLUSIVE
        case form if form in _SHARE_ROW:
            return Mode.SHARE_ROW_EXCLUSIVE
        case _T.AT_AddConstraint if command.def_.contype == ConstrType.CONSTR_FOREIGN:
            return Mode.SHARE_ROW_EXCLUSIVE
        case _T.AT_DetachPartition if command.def_.concurrent:
            return Mode.SHARE_UPDATE_EXCLUSIVE
        case _T.AT_SetRelOptions | _T.AT_ResetRelOptions:
            strict = any(option.defname in _STRICT_OPTIONS for option in command.def_ or ())
            return Mode.ACCESS_EXCLUSIVE if strict else Mode.SHARE_UPDATE_EXCLUSIVE
    return Mode.ACCESS_EXCLUSIVE


def _work(command: Any, table: Relation, facts: Relations) -> Work:
    match command.subtype:
        case _T.AT_AddColumn:
            exists = command.missing_ok and command.def_.colname in table.columns
            return Work.NONE if exists else _added(command.def_, facts)
        case _T.AT_AlterColumnType:
            return _retyped(command, table)
        case _T.AT_AddConstraint:
            return _constrained(command.def_, table)
        case _T.AT_SetNotNull:
            return Work.NONE if command.name in table.not_null else Work.SCAN
        case _T.AT_ValidateConstraint:
            return Work.SCAN
        case form if form in _WRITTEN_ANEW:
            return Work.REWRITE
    return Work.NONE


def _added(column: Any, facts: Relations) -> Work:
    """A new column: most need no row to be touched."""
    if makes_rows(column, facts):
        return Work.REWRITE
    kinds = {each.contype for each in column.constraints or ()}
    filled = ConstrType.CONSTR_DEFAULT in kinds
    if kinds & {ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_UNIQUE}:
        return Work.BUILD
    if ConstrType.CONSTR_CHECK in kinds or (ConstrType.CONSTR_NOTNULL in kinds and not filled):
        return Work.SCAN
    return Work.SCAN if ConstrType.CONSTR_FOREIGN in kinds and filled else Work.NONE


def _retyped(command: Any, table: Relation) -> Work:
    old = table.columns.get(command.name)
    if old is None or not keeps_rows(old, command):
        return Work.REWRITE
    return Work.SCAN if command.name in table.checked or command.def_.collClause else Work.NONE


def _constrained(constraint: Any, table: Relation) -> Work:
    if constraint.skip_validation:
        return Work.NONE
    match constraint.contype:
        case ConstrType.CONSTR_CHECK | ConstrType.CONSTR_FOREIGN if not constraint.is_enforced:
            return Work.NONE
        case ConstrType.CONSTR_UNIQUE if constraint.indexname:
            return Work.NONE
        case ConstrType.CONSTR_PRIMARY if constraint.indexname:
            return Work.SCAN  # its columns may not be known to hold no null
        case ConstrType.CONSTR_PRIMARY | ConstrType.CONSTR_UNIQUE | ConstrType.CONSTR_EXCLUSION:
            return Work.BUILD
        case ConstrType.CONSTR_NOTNULL:
            return Work.NONE if constraint.keys[0].sval in table.not_null else Work.SCAN
    return Work.SCAN


def _others(command: Any, table: Relation, facts: Relations) -> Iterator[Lock]:
    """The locks on other tables than the one that is named."""
    match command.subtype:
        case _T.AT_AddColumn | _T.AT_AddConstraint:
            yield from referred_to(command.def_, facts)
        case _T.AT_DropConstraint:
            yield from _keys_gone(table, facts, cascade=bool(command.behavior), constraint=command.name)
        case _T.AT_DropColumn:
            yield from _keys_gone(table, facts, cascade=bool(command.behavior), column=command.name)
        case _T.AT_AlterColumnType:
            yield from _keys_retyped(command, table, facts)
        case _T.AT_AttachPartition | _T.AT_DetachPartition:
            yield from _partition(command, table, facts)
        case _T.AT_AddInherit:
            yield Lock(facts.find(plain(of_range(command.def_))), Mode.SHARE_UPDATE_EXCLUSIVE)


def referred_to(defined: Any, facts: Relations) -> Iterator[Lock]:
    """The tables that the foreign keys of a new column, or a new constraint itself, refer to."""
    found = defined.constraints or () if isinstance(defined, ast.ColumnDef) else (defined,)
    for each in found:
        if each.contype == ConstrType.CONSTR_FOREIGN:
            other = facts.find(plain(of_range(each.pktable)))
            yield from (Lock(one, Mode.SHARE_ROW_EXCLUSIVE) for one in facts.family(other))


def _keys_gone(
    table: Relation, facts: Relations, *, cascade: bool, constraint: str = "", column: str = ""
) -> Iterator[Lock]:
    """The other sides of foreign keys that go, whose triggers go with them."""
    for key in table.keys:
        if key.table == table.name and (key.name == constraint or column in key.columns):
            yield Lock(facts.at(key.refers), Mode.ACCESS_EXCLUSIVE)
        elif key.refers == table.name and cascade and (constraint or column in key.referred):
            yield Lock(facts.at(key.table), Mode.ACCESS_EXCLUSIVE)


def _keys_retyped(command: Any, table: Relation, facts: Relations) -> Iterator[Lock]:
    """The other sides of a column's foreign keys; who refers to it is looked through where its rows are written."""
    for key in table.keys:
        if key.table == table.name and command.name in key.columns:
            yield Lock(facts.at(key.refers), Mode.ACCESS_EXCLUSIVE)
        elif key.refers == table.name and command.name in key.referred:
            anew = _retyped(command, table) is Work.REWRITE
            yield Lock(facts.at(key.table), Mode.ACCESS_EXCLUSIVE, Work.SCAN if anew else Work.NONE)


def _partition(command: Any, table: Relation, facts: Relations) -> Iterator[Lock]:
    """The partition that comes or goes; one that comes is looked through, and so is the default one."""
    comes = command.subtype == _T.AT_AttachPartition
    part = facts.find(plain(of_range(command.def_.name)))
    for each in facts.family(part):
        yield Lock(each, Mode.ACCESS_EXCLUSIVE, Work.SCAN if comes and not each.partitioned else Work.NONE)
    if table.default and not (comes and command.def_.bound.is_default):
        yield Lock(facts.at(table.default), Mode.ACCESS_EXCLUSIVE, Work.SCAN if comes else Work.NONE)
