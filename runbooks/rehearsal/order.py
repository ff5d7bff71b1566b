"""In which order tables get their rows: what others refer to first, what refers to each other together. Pure."""

from collections.abc import Collection, Mapping

from runbooks.rehearsal.tables import Reference, Table


def batches(tables: Mapping[str, Table]) -> list[list[str]]:
    """Each batch after those it refers to; more than one table in it, where they refer to each other."""
    reached = {name: _reached(tables, name) for name in tables}
    left, found = set(tables), []
    while left:
        name = min((n for n in left if not (reached[n] & left) - _circle(reached, n)), default=min(left))
        batch = sorted(_circle(reached, name) & left)
        found.append(batch)
        left -= set(batch)
    return found


def next_of(tables: Mapping[str, Table], left: Collection[str]) -> str:
    """Which of the tables that refer to each other can be begun with best."""
    return min(left, key=lambda name: (*_obstacles(tables[name], left), name))


def may_be_empty(table: Table, reference: Reference) -> bool:
    """Whether a row may refer to nothing by it."""
    nullable = [table.columns_by_name[name].takes_null for name in reference.columns]
    return all(nullable) if reference.full else any(nullable)


def _obstacles(table: Table, left: Collection[str]) -> tuple[int, int]:
    """How many references must lead to what is not there yet: those checked at once, and those checked later."""
    hard = [r for r in table.references if r.table in left and r.table != table.name and not may_be_empty(table, r)]
    return sum(not r.deferrable for r in hard), len(hard)


def _circle(reached: Mapping[str, set[str]], name: str) -> set[str]:
    """The table and all that it refers to and that refer to it."""
    return {name} | {other for other in reached[name] if name in reached[other]}


def _reached(tables: Mapping[str, Table], name: str) -> set[str]:
    found: set[str] = set()
    ahead = [name]
    while ahead:
        for reference in tables[ahead.pop()].references:
            if reference.table not in found and reference.table in tables:
                found.add(reference.table)
                ahead.append(reference.table)
    return found
