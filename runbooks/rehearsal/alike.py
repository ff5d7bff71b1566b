"""Whether two texts of one fact mean the same to PostgreSQL, however each of them came about. Pure.

A CHECK that is made from its own deparsed text deparses differently, so texts that differ are compared as trees, from
which is taken what changes nothing. What can't be parsed is compared as text.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pglast import parse_sql
from pglast.parser import ParseError, scan

from runbooks.rehearsal.trees import canonical

_EXPRESSIONS = ("using", "with check", "filter", "generated")
_QUOTED = ("SCONST", "USCONST", "XCONST", "BCONST")
_OFF = {"security_invoker", "security_barrier"}  # options of a view that are off where they are not set


def alike(fact: str, was: str, now: str, *, kind: str, facts: Mapping[str, str]) -> bool:
    """Whether both values of this fact of an object of this kind mean the same; `facts` are its other ones."""
    if was == now:
        return True
    if fact == "options":
        return _options(was) == _options(now)
    if not (was and now):
        return False
    if fact == "default":
        return _same(_expression, was, now, of=facts.get("type", ""))
    if fact in _EXPRESSIONS:
        return _same(_expression, was, now)
    if fact == "definition":
        return _same(_statement, was, now, of=kind)
    if fact == "body" and facts.get("language") in ("sql", "plpgsql"):
        return _tokens(was) == _tokens(now)
    return False


def _tokens(text: str) -> tuple[str, ...]:
    """The words and signs of SQL or PL/pgSQL without layout and comments; what is not quoted in lower case."""
    try:
        found = [token for token in scan(text) if token.name not in ("SQL_COMMENT", "C_COMMENT")]
    except ParseError:
        return (text,)
    parts = [(token.name, text[token.start : token.end + 1]) for token in found]
    return tuple(part if name in _QUOTED or part.startswith('"') else part.lower() for name, part in parts)


def _options(text: str) -> set[tuple[str, str]]:
    pairs = [option.partition("=")[::2] for option in text.split(", ") if option]
    spelt = {"on": "true", "yes": "true", "1": "true", "off": "false", "no": "false", "0": "false"}
    plain = {
        (name, spelt.get(value, value) if name in _OFF or value in ("on", "off") else value) for name, value in pairs
    }
    return {(name, value) for name, value in plain if not (name in _OFF and value == "false")}


def _same(how: Callable[[str, str], Any], was: str, now: str, *, of: str = "") -> bool:
    return bool(_read(how, was, of=of) == _read(how, now, of=of))


def _read(how: Callable[[str, str], Any], text: str, *, of: str = "") -> Any:
    try:
        return how(text, of)
    except ParseError:
        return " ".join(text.split())


def _expression(text: str, column_type: str) -> Any:
    form, colon, rest = text.partition(": ")
    if form in ("stored", "virtual") and colon:
        return form, _expression(rest, column_type)
    (statement,) = parse_sql(f"values ({text})")
    values: Any = statement.stmt
    return canonical(values.valuesLists[0][0], column_type=column_type)


def _statement(text: str, kind: str) -> Any:
    before = "alter foreign table t add constraint c " if kind == "constraint" else ""
    (statement,) = parse_sql(before + text)
    return canonical(statement.stmt)
