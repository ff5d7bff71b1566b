"""Finds values that pass a table's rules: PostgreSQL itself judges those that are tried."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from bot.adapters.rehearsal.writing import Connection, asked, listing, literal, written
from runbooks.rehearsal.hints import hints, names
from runbooks.rehearsal.rows import Group, tied
from runbooks.rehearsal.tables import Column, Reference, Table, Type
from runbooks.rehearsal.values import pool

_TOGETHER = 40_000  # combinations of values that one statement may look through
_MOST = 120  # that are kept of those which pass
_UNTIED = 12  # combinations tried where no rule could be asked, or none was passed
_FEWEST = 3  # values of each column that are always looked at
_DRAWS = ("nextval", "now(", "random", "clock_timestamp", "current_", "local", "timeofday", "uuid")


@dataclass(frozen=True)
class Given:
    """What is known of some columns before: `known` values of references, and those that `must` be."""

    known: Mapping[Reference, Sequence[tuple[str, ...]]]
    promised: Mapping[Reference, Table] = field(default_factory=dict)  # references to rows that will be made for them
    empty: frozenset[str] = frozenset()  # columns that refer to what is not there yet
    must: Mapping[str, str] = field(default_factory=dict)
    start: int = 0  # moves on to other plain values
    hinted: tuple[str, ...] = ()  # further texts that may hold examples


@dataclass(frozen=True)
class Solver:
    """Of one connection, whose transaction it works in."""

    connection: Connection
    valid: dict[tuple[Type, tuple[str, ...]], list[str]] = field(default_factory=dict)

    async def groups(self, table: Table, given: Given) -> list[Group]:
        """The table's columns in groups with the values that may stand there. Columns left out fill themselves."""
        pools = {c.name: await self._pool(table, c, given) for c in table.columns if _is_given(table, c, given)}
        several = [frozenset(r.columns) for r in table.references if len(r.columns) > 1 or r.table == table.name]
        several += [frozenset(r.to) | frozenset(r.columns) for r in table.references if r.table == table.name]
        return [
            await self._group(table, columns, pools, given)
            for each in tied(table, several)
            if (columns := tuple(name for name in each if name in pools))
        ]

    async def _pool(self, table: Table, column: Column, given: Given) -> list[str | None]:
        if column.name in given.must:
            return [given.must[column.name]]
        if column.name in given.empty:
            return [None]
        values = await self._values(table, column, given)
        return [*values, None] if column.takes_null else list(values)

    async def _values(self, table: Table, column: Column, given: Given) -> list[str]:
        source, owner = column, table
        for reference, other in given.promised.items():
            if column.name in reference.columns:
                owner, source = other, _other_end(reference, other, column)
        for reference, known in given.known.items():
            if column.name in reference.columns and reference.table != table.name:
                at = reference.columns.index(column.name)
                return list(dict.fromkeys(values[at] for values in known))
            if column.name in reference.columns:
                source = _other_end(reference, table, column)
        hinted = hints([*_about(owner, source), source.default, *given.hinted])
        tried = [*await self._default(source), *pool(source.type, hinted, given.start)]
        return await self.accepted(column.type, tried)

    async def _default(self, column: Column) -> list[str]:
        if not column.default or any(sign in column.default.lower() for sign in _DRAWS):
            return []
        try:
            text = written("fill_default", expression=column.default, type=column.type.name)
            return [value for (value,) in await asked(self.connection, text) if value is not None]
        except psycopg.Error:
            return []

    async def accepted(self, made: Type, texts: Sequence[str]) -> list[str]:
        """Those that the type takes, as it writes them."""
        key = (made, tuple(dict.fromkeys(texts)))
        if key not in self.valid:
            self.valid[key] = list(dict.fromkeys(await self._accepted(made, key[1])))
        return self.valid[key]

    async def _accepted(self, made: Type, texts: tuple[str, ...]) -> list[str]:
        if not texts:
            return []
        text = written("fill_valid", type=made.name, values=listing(texts), name=literal(made.name))
        try:
            return [value for _, value in await asked(self.connection, text) if value is not None]
        except psycopg.Error:  # a type that breaks on what is no value of it, or a server that can't be asked
            return [value for one in texts for value in await self._one(made, one)]

    async def _one(self, made: Type, value: str) -> list[str]:
        try:
            found = await asked(self.connection, written("fill_valid_one", value=literal(value), type=made.name))
        except psycopg.Error:
            return []
        return [text for (text,) in found if text is not None]

    async def _group(
        self, table: Table, columns: tuple[str, ...], pools: Mapping[str, list[str | None]], given: Given
    ) -> Group:
        refers = any(name in reference.columns for reference in table.references for name in columns)
        rules = [*_rules(table, columns), *_references(table, columns, given)]
        if not rules:
            return _untied(columns, pools, refers=refers)
        narrowed = dict(pools)
        for name in columns:
            if alone := [rule for rule in rules if names(rule) & set(columns) == {name}]:
                passing = await self._solved(table, (name,), narrowed, alone, "values")
                narrowed[name] = [value for (value,) in passing] or narrowed[name]
        found = await self._solved(table, columns, narrowed, rules, "values")
        if not found:
            return _untied(columns, narrowed, refers=refers)
        takes = any(None in narrowed[name] for name in columns)
        empty = await self._solved(table, columns, narrowed, rules, "emptiest") if takes else []
        return Group(columns, tuple(found), tuple(empty), refers)

    async def _solved(
        self,
        table: Table,
        columns: tuple[str, ...],
        pools: Mapping[str, list[str | None]],
        rules: list[str],
        first: str,
    ) -> list[tuple[str | None, ...]]:
        """Values that pass these rules; a rule that can't be asked so is left to the table itself."""
        most = max(_FEWEST, int(_TOGETHER ** (1 / len(columns))))
        cut = {name: _cut(pools[name], most) for name in columns}
        try:
            return await self._asked(table, columns, cut, rules, first)
        except psycopg.Error:
            if len(columns) == 1:
                return await self._one_by_one(table, columns, cut, rules)
        askable = []
        for rule in rules:
            try:
                if await self._asked(table, columns, cut, [rule], first):
                    askable.append(rule)
            except psycopg.Error:
                continue
        try:
            return await self._asked(table, columns, cut, askable, first) if askable else []
        except psycopg.Error:
            return []

    async def _one_by_one(
        self, table: Table, columns: tuple[str, ...], cut: Mapping[str, list[str | None]], rules: list[str]
    ) -> list[tuple[str | None, ...]]:
        """The same, for a rule that breaks on some values: `note::int > 3`."""
        (name,), found = columns, []
        for value in cut[name]:
            try:
                found += await self._asked(table, columns, {name: [value]}, rules, "values")
            except psycopg.Error:
                continue
        return found

    async def _asked(
        self,
        table: Table,
        columns: tuple[str, ...],
        cut: Mapping[str, list[str | None]],
        rules: list[str],
        first: str,
    ) -> list[tuple[str | None, ...]]:
        by_name = table.columns_by_name
        places = [f"opsbot_{n}" for n in range(len(columns))]
        sources = [
            written(
                "fill_source",
                place=place,
                type=by_name[name].type.name,
                column=name,
                values=listing(cut[name]),
                alias=f"of_{place}",
            )
            for place, name in zip(places, columns, strict=True)
        ]
        generated = [f", ({c.generated})::{c.type.name} as {c.name}" for c in _generated(table, set(columns))]
        nulls = [f"({name} is not null)::int" for name in columns]
        order = [*(["+".join(nulls)] if first == "emptiest" else []), "+".join(places), *places]
        text = written(
            "fill_solve",
            places=", ".join(places),
            generated="".join(generated),
            sources=" cross join ".join(sources),
            rules=" and ".join(f"({rule}) is not false" for rule in rules),
            order=", ".join(order),
            limit=_MOST,
        )
        found = await asked(self.connection, text)
        return [tuple(cut[name][n - 1] for name, n in zip(columns, row, strict=True)) for row in found]


def _is_given(table: Table, column: Column, given: Given) -> bool:
    """Whether a value is written there: not where the server makes it, unless a reference needs to know it."""
    if column.generated:
        return False
    own = [r for r in table.references if r.table == table.name]
    wanted = any(column.name in r.columns for r in table.references) or any(
        column.name in r.to and not all(table.columns_by_name[c].takes_null for c in r.columns) for r in own
    )
    return wanted or column.name in given.must or not column.drawn


def _other_end(reference: Reference, table: Table, column: Column) -> Column:
    """The column that this one refers to."""
    return table.columns_by_name[reference.to[reference.columns.index(column.name)]]


def _cut(values: list[str | None], most: int) -> list[str | None]:
    """The first of them; NULL stays."""
    if len(values) <= most:
        return values
    return [*values[: most - 1], None] if values[-1] is None else values[:most]


def _about(table: Table, column: Column) -> list[str]:
    """The rules that concern a column, also through columns that are made of it."""
    concerned = {column.name} | {c.name for c in table.columns if c.generated and column.name in names(c.generated)}
    return [rule for rule in table.rules if names(rule) & concerned]


def _generated(table: Table, columns: set[str]) -> list[Column]:
    """Columns that are made of these alone."""
    known = {column.name for column in table.columns}
    return [c for c in table.columns if c.generated and names(c.generated) & known <= columns]


def _rules(table: Table, columns: Iterable[str]) -> list[str]:
    """The rules that these columns decide."""
    own = set(columns)
    decided = own | {c.name for c in _generated(table, own)}
    known = {column.name for column in table.columns}
    return [rule for rule in table.rules if (named := names(rule) & known) and named <= decided]


def _references(table: Table, columns: Iterable[str], given: Given) -> list[str]:
    """That references of several columns, or to the table itself, lead somewhere."""
    own, rules = set(columns), []
    for reference in given.known:
        if not set(reference.columns) <= own or given.empty & set(reference.columns):
            continue
        is_own = reference.table == table.name
        if len(reference.columns) == 1 and not is_own:
            continue
        here = ", ".join(reference.columns)
        how = " and " if reference.full else " or "
        empty = how.join(f"{name} is null" for name in reference.columns)
        if is_own and set(reference.to) <= own:
            empty = f"{empty} or ({here}) = ({', '.join(reference.to)})"
        to = ", ".join(reference.to)
        rules.append(
            written("fill_refers", columns=here, to=to, table=reference.table, empty=empty).split("\n", 1)[1]
        )
    return rules


def _untied(columns: tuple[str, ...], pools: Mapping[str, list[str | None]], *, refers: bool) -> Group:
    """Values that no rule ties together, or that no rule could be asked about."""
    if len(columns) == 1:
        values: tuple[tuple[str | None, ...], ...] = tuple((value,) for value in pools[columns[0]])
    else:
        longest = max(len(pools[name]) for name in columns)
        each = [pools[name] for name in columns]
        values = tuple(
            tuple(values[n % len(values)] for values in each) for n in range(min(longest, _UNTIED)) if all(each)
        )
    emptiest = tuple(sorted(values, key=lambda row: -sum(value is None for value in row)))
    return Group(columns, values, emptiest, refers)
