"""Which rows to try in a table: what differs, what repeats, what is empty. Pure and the same every time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product

from runbooks.rehearsal.hints import names
from runbooks.rehearsal.tables import Key, Table

Row = Mapping[str, str | None]
_COMBINATIONS = 3000  # tried for one row before its keys count as used up
_SWEEP = 4  # values of each group that are tried with those of the others where nobody knows what is wrong


@dataclass(frozen=True)
class Group:
    """Columns that rules tie together, with the values that pass these rules, the plainest first."""

    columns: tuple[str, ...]
    values: tuple[tuple[str | None, ...], ...]
    emptiest: tuple[tuple[str | None, ...], ...] = ()  # the same, those with the most NULLs first
    refers: bool = False  # its values are those of another table

    def row(self, values: Sequence[str | None]) -> dict[str, str | None]:
        """One of them by column."""
        return dict(zip(self.columns, values, strict=True))


def tied(table: Table, together: Iterable[frozenset[str]]) -> list[tuple[str, ...]]:
    """The table's columns in groups: those that a rule names, or one of `together`, stand in one."""
    columns = [column.name for column in table.columns]
    groups: list[set[str]] = [{name} for name in columns]
    made = [frozenset({c.name}) | (names(c.generated) & set(columns)) for c in table.columns if c.generated]
    for bond in (*(names(rule) & set(columns) for rule in table.rules), *made, *together):
        joined = [group for group in groups if group & bond]
        if len(joined) > 1:
            groups = [group for group in groups if not group & bond] + [set().union(*joined)]
    return sorted((tuple(c for c in columns if c in group) for group in groups), key=lambda g: columns.index(g[0]))


@dataclass
class Rows:
    """The rows of one table, one after the other. `taken` and `refused` are told by `keep` and `refuse`."""

    groups: Sequence[Group]
    keys: Sequence[Key]
    kept: list[Row] = field(default_factory=list)
    refused: dict[str, set[tuple[str | None, ...]]] = field(default_factory=dict)

    def keep(self, row: Row) -> None:
        """It is in the table."""
        self.kept.append(row)

    def refuse(self, row: Row, key: str) -> bool:
        """This key is taken; False where there is no key of that name."""
        known = next((each for each in self.keys if each.name == key), None)
        if known is None:
            return False
        self.refused.setdefault(key, set()).add(_at(row, known.columns))
        return True

    def plain(self) -> Row | None:
        """The plainest row; where one is kept, its twin in all that need not differ."""
        return self._settled([group.values for group in self.groups])

    def other(self) -> Row | None:
        """A row that differs from all kept ones wherever it can, and holds the widest values."""
        return self._settled([self._different(group) for group in self.groups])

    def emptiest(self) -> Row | None:
        """A row with as many NULLs as may be."""
        return self._settled([group.emptiest or group.values for group in self.groups])

    def showing(self, column: str, value: str) -> Row | None:
        """The plainest row with this value in this column; None where one is kept already, or none can be."""
        if any(row.get(column) == value for row in self.kept):
            return None
        ranked = [
            [v for v in g.values if g.row(v)[column] == value] if column in g.columns else g.values
            for g in self.groups
        ]
        return self._settled(ranked)

    def sweep(self) -> Iterator[Row]:
        """Rows of all kinds, for where nobody knows what is wrong with one."""
        if not all(group.values for group in self.groups):
            return
        ways = [range(min(len(group.values), _SWEEP)) for group in self.groups]
        longest = max((len(group.values) for group in self.groups), default=0)
        for n in range(1, longest):  # all groups at once first, then each with each
            yield self._of([group.values[n % len(group.values)] for group in self.groups])
        for picks in product(*ways):
            yield self._of([group.values[n] for group, n in zip(self.groups, picks, strict=True)])

    def _different(self, group: Group) -> Sequence[tuple[str | None, ...]]:
        used = [_at(row, group.columns) for row in self.kept]

        def sameness(values: tuple[str | None, ...]) -> tuple[int, int]:
            same = sum(v == u for each in used for v, u in zip(values, each, strict=True))
            return same, -sum(len(v or "") for v in values)

        return sorted(group.values, key=sameness)

    def _settled(self, ranked: Sequence[Sequence[tuple[str | None, ...]]]) -> Row | None:
        """The first of each group, moved on in as few groups as possible until no key is met twice."""
        if not all(ranked):
            return None
        picks = [0] * len(self.groups)
        for key in sorted(self.keys, key=lambda k: len(k.columns)):
            if not self._clashes(self._picked(ranked, picks), key):
                continue
            moved = next(islice(self._moves(ranked, picks, key), 1), None)
            if moved is None:
                return None
            picks = moved
        row = self._picked(ranked, picks)
        return None if any(self._clashes(row, key) for key in self.keys) else row

    def _moves(
        self, ranked: Sequence[Sequence[tuple[str | None, ...]]], picks: list[int], key: Key
    ) -> Iterator[list[int]]:
        """Picks that keep clear of this key: in one of its groups, else in several."""
        own = [n for n, group in enumerate(self.groups) if set(group.columns) & set(key.columns)]
        own.sort(key=lambda n: (self.groups[n].refers, -len(ranked[n])))
        for at in own:
            for pick in range(len(ranked[at])):
                moved = [*picks[:at], pick, *picks[at + 1 :]]
                if not self._clashes_anywhere(self._picked(ranked, moved)):
                    yield moved
        for several in islice(product(*(range(len(ranked[n])) for n in own)), _COMBINATIONS):
            moved = list(picks)
            for at, pick in zip(own, several, strict=True):
                moved[at] = pick
            if not self._clashes(self._picked(ranked, moved), key):
                yield moved

    def _clashes_anywhere(self, row: Row) -> bool:
        return any(self._clashes(row, key) for key in self.keys)

    def _clashes(self, row: Row, key: Key) -> bool:
        if any(name not in row for name in key.columns):  # a sequence makes it differ
            return False
        values = _at(row, key.columns)
        if values in self.refused.get(key.name, ()):
            return True
        return None not in values and any(_at(kept, key.columns) == values for kept in self.kept)

    def _picked(self, ranked: Sequence[Sequence[tuple[str | None, ...]]], picks: Sequence[int]) -> Row:
        return self._of([values[pick] for values, pick in zip(ranked, picks, strict=True)])

    def _of(self, values: Sequence[tuple[str | None, ...]]) -> Row:
        made: dict[str, str | None] = {}
        for group, each in zip(self.groups, values, strict=True):
            made |= group.row(each)
        return made


def _at(row: Row, columns: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(row.get(name) for name in columns)
