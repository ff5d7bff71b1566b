"""Schemas made at random, the same for the same seed: types, keys, checks, references, partitions."""

from dataclasses import dataclass, field
from random import Random

_TYPES = {
    "int": ("{c} > 0", "{c} between 100 and 120", "{c} % 2 = 1", "{c} in (7, 11, 13, 17, 19)"),
    "bigint": ("{c} >= 1000000",),
    "numeric(6,2)": ("{c} >= 0", "{c} < 100.5"),
    "text": (
        "{c} <> ''",
        "length({c}) between 3 and 40",
        "{c} ~ '^[a-z][a-z0-9-]+$'",
        "{c} in ('new', 'open', 'shut')",
    ),
    "varchar(6)": ("{c} = upper({c})", "{c} like 'A%'"),
    "date": ("{c} >= date '2020-01-01'", "extract(dow from {c}) in (1, 2, 3)"),
    "timestamptz": ("{c} > timestamptz '2021-05-05 00:00+00'",),
    "uuid": (),
    "jsonb": ("jsonb_typeof({c}) = 'object'",),
    "boolean": (),
    "int[]": ("cardinality({c}) > 0",),
    "inet": (),
    "bytea": ("octet_length({c}) = 4",),
    "int4range": ("not isempty({c})",),
    "interval": ("{c} > interval '1 hour'",),
    "mood": ("{c} <> 'sad'",),
    "sku": (),
}
_KEYED = ("int", "bigint", "text", "uuid", "date", "varchar(6)")
_BEFORE = """
create type mood as enum ('sad', 'ok', 'happy');
create domain sku as text check (value ~ '^[A-Z]{3}[0-9]{2}$');
"""


@dataclass(frozen=True)
class Made:
    """A schema; its tables; those that no row fits into, and columns by what rows must show in them."""

    schema: str
    tables: tuple[str, ...]
    barred: frozenset[str]
    nullable: tuple[tuple[str, str], ...] = field(default=())  # nothing but NULL or not is asked of them
    free: tuple[tuple[str, str], ...] = field(default=())  # nothing keeps their values apart


def schema(seed: int) -> Made:
    """About ten tables that refer to each other."""
    random = Random(seed)  # noqa: S311 # a test's choice, not a secret
    keys: dict[str, list[tuple[str, str]]] = {}
    barred: set[str] = set()
    statements, nullable, free = [_BEFORE], [], []
    for number in range(10):
        name = f"t{number}"
        lines, checked = [], set()
        primary = [(f"k{i}", random.choice(_KEYED)) for i in range(random.choice((1, 1, 2)))]
        lines += [f"{column} {kind} not null" for column, kind in primary]
        own = [(f"c{i}", random.choice(list(_TYPES))) for i in range(random.randint(1, 6))]
        unique = {column for column, kind in own if random.random() < 0.15 and kind in _KEYED}
        for column, kind in own:
            not_null = random.random() < 0.5
            checks = [check for check in _TYPES[kind] if random.random() < 0.4][:1]
            checked |= {column} if checks else set()
            parts = [column, kind, "not null" * not_null, "unique" * (column in unique)]
            lines.append(" ".join(filter(None, [*parts, *(f"check ({c.format(c=column)})" for c in checks)])))
            nullable += [(name, column)] if not not_null and not checks else []
            free += [(name, column)] if column not in unique else []
        for at, target in enumerate(random.sample(sorted(keys), min(len(keys), random.choice((0, 1, 1, 2))))):
            columns = [f"r{at}_{i}" for i in range(len(keys[target]))]
            null = random.choice(("", " not null"))
            lines += [f"{c} {kind}{null}" for c, (_, kind) in zip(columns, keys[target], strict=True)]
            lines.append(f"foreign key ({', '.join(columns)}) references {target}")
            barred |= {name} if target in barred and null else set()
        numbers = [column for column, kind in own if kind in ("int", "bigint") and column not in checked]
        if len(numbers) > 1:
            lines.append(f"check ({numbers[0]} < {numbers[1]})")
            nullable = [each for each in nullable if each not in [(name, n) for n in numbers[:2]]]
        if random.random() < 0.04:
            lines.append("check (false)")
            barred.add(name)
        lines.append(f"primary key ({', '.join(column for column, _ in primary)})")
        tail, more = "", ""
        if primary[0][1] == "int" and random.random() < 0.3:
            tail = f" partition by range ({primary[0][0]})"
            more = f"create table {name}_p partition of {name} for values from (40) to (60);"
            lines = [line.replace(" unique", "") for line in lines]
        statements.append(f"create table {name} ({', '.join(lines)}){tail};{more}")
        keys[name] = primary
    return Made("\n".join(statements), tuple(keys), frozenset(barred), tuple(nullable), tuple(free))
