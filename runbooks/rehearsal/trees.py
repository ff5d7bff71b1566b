"""The parser's trees as plain values, without what makes no difference: places in the text, casts that do nothing."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pglast import ast

_TEXTS = ("text", "varchar")  # not bpchar, which drops blanks
_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
_NAMES = {
    "character varying": "varchar",
    "character": "bpchar",
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "double precision": "float8",
}
_WITHOUT = {"location", "stmt_location", "stmt_len", "list_start", "list_end", "rexpr_list_start", "rexpr_list_end"}
_NOW = {"@": "SQLValueFunction", "op": "SVFOP_CURRENT_TIMESTAMP"}


def canonical(node: Any, *, column_type: str = "") -> Any:
    """A tree as nested tuples and dicts; of a column's default also without a cast to what the column is anyway."""
    tree = _plain(node)
    names = {name: f"${at}" for at, name in enumerate(dict.fromkeys(_aliases(tree)))}
    tree = _with_aliases(tree, names) if names else tree
    return _uncast(tree, column_type) if column_type else tree


def _aliases(tree: Any) -> Iterator[str]:
    """By which names a query's tables go in it, in their order."""
    if isinstance(tree, tuple):
        for each in tree:
            yield from _aliases(each)
    if isinstance(tree, dict):
        if tree.get("@") == "RangeVar":
            yield tree.get("alias", {}).get("aliasname", tree["relname"])
        for each in tree.values():
            yield from _aliases(each)


def _with_aliases(tree: Any, names: Mapping[str, str]) -> Any:
    """With names by order: nobody outside a query sees those it gives its tables."""
    if isinstance(tree, tuple):
        return tuple(_with_aliases(each, names) for each in tree)
    if not isinstance(tree, dict):
        return tree
    tree = {field: _with_aliases(value, names) for field, value in tree.items()}
    match tree:
        case {"@": "RangeVar"}:
            alias = tree.get("alias", {"@": "Alias", "aliasname": tree["relname"]})
            return {**tree, "alias": {**alias, "aliasname": names[alias["aliasname"]]}}
        case {"@": "ColumnRef", "fields": ({"sval": str(first)} as name, _, *_) as fields} if first in names:
            return {**tree, "fields": ({**name, "sval": names[first]}, *fields[1:])}
    return tree


def _fields(node: Any) -> list[str]:
    return [name for name in node.__slots__ if name not in _WITHOUT]


def _plain(node: Any) -> Any:
    if isinstance(node, ast.Node):
        fields = {name: _plain(getattr(node, name)) for name in _fields(node)}
        named = {name: value for name, value in fields.items() if value is not None and value is not False}
        return _simpler({"@": type(node).__name__, **named})
    if isinstance(node, (tuple, list)):
        return tuple(_plain(each) for each in node)
    return getattr(node, "name", node)


def _simpler(tree: dict[str, Any]) -> Any:
    match tree:
        case {"@": "TypeCast"}:
            return _cast(tree)
        case {"@": "BoolExpr", "boolop": "AND_EXPR" | "OR_EXPR" as operator, "args": args}:
            flat = [a for arg in args for a in (arg["args"] if _is_bool(arg, operator) else (arg,))]
            return {**tree, "args": tuple(flat)}
        case {"@": "FuncCall", "funcname": names} if _is_now(names):
            return _NOW
        case {"@": "SQLValueFunction", "op": "SVFOP_CURRENT_TIMESTAMP"}:
            return _NOW
        case {"@": "ResTarget", "name": str(name), "val": {"@": "ColumnRef", "fields": (*_, {"sval": last})}}:
            return {field: value for field, value in tree.items() if field != "name" or name != last}
        case {"@": "TypeName", "names": (first, *rest)} if rest and first["sval"] == "pg_catalog":
            return {**tree, "names": tuple(rest)}
    return tree


def _is_now(names: Any) -> bool:
    parts = [name["sval"] for name in names]
    return parts[-1] in ("now", "transaction_timestamp") and parts[:-1] in ([], ["pg_catalog"])


def _is_bool(tree: Any, operator: str) -> bool:
    return isinstance(tree, dict) and tree.get("@") == "BoolExpr" and tree.get("boolop") == operator


def _cast(tree: dict[str, Any]) -> Any:
    inner, to = tree["arg"], tree["typeName"]
    if inner.get("@") == "A_ArrayExpr" and "arrayBounds" in to and inner.get("elements"):
        element = {name: value for name, value in to.items() if name != "arrayBounds"}
        casts = [_cast({**tree, "arg": each, "typeName": element}) for each in inner["elements"]]
        return {**inner, "elements": tuple(casts)}
    if inner.get("@") == "TypeCast" and _bare(to) == "text" and _bare(inner["typeName"]) == "varchar":
        return {**tree, "arg": inner["arg"]}  # the one is the other, in the server
    if _bare(to) in _NUMBERS:
        number = _number(inner)
        return number if _bare(to) == "int4" and _is_whole(number) else {**tree, "arg": number}
    return tree


def _bare(name: dict[str, Any]) -> str:
    """The type's name where it is a plain one, without length or dimensions."""
    if "arrayBounds" in name or "typmods" in name:
        return ""
    return str(name["names"][-1]["sval"])


def _number(tree: dict[str, Any]) -> dict[str, Any]:
    """A quoted number as the parser would have it without quotes; anything else as it is."""
    match tree:
        case {"@": "A_Const", "val": {"@": "String", "sval": text}} if _WHOLE.fullmatch(text):
            return {"@": "A_Const", "val": {"@": "Integer", "ival": int(text)}}
        case {"@": "A_Const", "val": {"@": "String", "sval": text}} if _DECIMAL.fullmatch(text):
            return {"@": "A_Const", "val": {"@": "Float", "fval": text}}
    return tree


def _is_whole(tree: Any) -> bool:
    return isinstance(tree, dict) and tree.get("@") == "A_Const" and tree.get("val", {}).get("@") == "Integer"


def _is_text(tree: Any) -> bool:
    return isinstance(tree, dict) and tree.get("@") == "A_Const" and tree.get("val", {}).get("@") == "String"


def _uncast(tree: Any, column_type: str) -> Any:
    """The default of a column is cast to its type anyway: a constant needs no cast of the same family."""
    plain = _NAMES.get(column_type.partition("(")[0], column_type.partition("(")[0])
    while isinstance(tree, dict) and tree.get("@") == "TypeCast":
        to, inner = _bare(tree["typeName"]), tree["arg"]
        is_decimal = inner.get("val", {}).get("@") == "Float" and to == "numeric" == plain
        is_number = plain in _NUMBERS and to in _NUMBERS and (_is_whole(inner) or is_decimal)
        if not (is_number or (plain in _TEXTS and to in _TEXTS and _is_text(inner))):
            break
        tree = inner
    return tree
