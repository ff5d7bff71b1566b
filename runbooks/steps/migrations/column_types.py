"""Whether a new column, or a column's new type, makes PostgreSQL write every row anew. Pure; in doubt it does.

By "ALTER TABLE" of PostgreSQL's documentation: a default that is not volatile is kept once for all rows there are;
a type that takes the old values as they are stored leaves the rows as they are.
"""

from typing import Any

from pglast import ast
from pglast.enums import ConstrType

from runbooks.steps.migrations.names import called, of_strings, plain
from runbooks.steps.migrations.relations import Column, Relations

_SERIAL = {"serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"}
_LENGTHS = {"varchar", "varbit"}
_MOMENTS = {"timestamp", "timestamptz", "time", "timetz"}
_FINEST = 6  # digits of a second
_SAME_BYTES = {("text", "varchar"), ("varchar", "text"), ("cidr", "inet")}


def makes_rows(column: Any, facts: Relations) -> bool:
    """Whether adding this column gives each row a value of its own, or one that must be checked row by row."""
    kind = plain(of_strings(column.typeName.names))
    if kind in _SERIAL or kind in facts.checked_types:
        return True
    for constraint in column.constraints or ():
        if constraint.contype == ConstrType.CONSTR_IDENTITY:
            return True
        if constraint.contype == ConstrType.CONSTR_GENERATED and constraint.generated_kind != "v":
            return True
        if constraint.contype == ConstrType.CONSTR_DEFAULT and _volatile(constraint.raw_expr, facts):
            return True
    return False


def _volatile(expression: Any, facts: Relations) -> bool:
    """Whether it calls a function that is not known to answer the same for all rows."""
    return bool(called(expression) - facts.steady)


def keeps_rows(old: Column, command: Any) -> bool:
    """Whether ALTER COLUMN ... TYPE leaves the rows as they are stored."""
    definition = command.def_
    if definition.raw_default is not None and not _is_itself(definition.raw_default, command.name):
        return False
    new = _column(definition.typeName)
    return new is not None and _fits(old, new)


def _is_itself(expression: Any, column: str) -> bool:
    """USING the column as it is, or cast."""
    if isinstance(expression, ast.TypeCast):
        expression = expression.arg
    return isinstance(expression, ast.ColumnRef) and of_strings(expression.fields) == (column,)


def _column(name: Any) -> Column | None:
    """A type as it is written; None where it is an array, or its limits are no plain numbers."""
    limits = [getattr(getattr(each, "val", None), "ival", None) for each in name.typmods or ()]
    if name.arrayBounds or None in limits:
        return None
    return Column(of_strings(name.names)[-1], tuple(int(each) for each in limits if each is not None))


def _fits(old: Column, new: Column) -> bool:
    if old == new:
        return True
    if (old.type, new.type) in _SAME_BYTES:
        return not new.limits
    if old.type != new.type:
        return False
    if new.type in _LENGTHS:
        return not new.limits or (bool(old.limits) and new.limits >= old.limits)
    if new.type in _MOMENTS:
        return (new.limits or (_FINEST,)) >= (old.limits or (_FINEST,))
    if new.type == "numeric":
        return not new.limits or (_scale(old) == _scale(new) and bool(old.limits) and new.limits[0] >= old.limits[0])
    return False


def _scale(numeric: Column) -> int:
    """Digits behind the point."""
    return numeric.limits[1] if len(numeric.limits) > 1 else 0
