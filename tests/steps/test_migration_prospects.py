"""What a plan says of the tables that its migrations touch, asked of a real server."""

from dataclasses import replace

import psycopg
import pytest

from runbooks.steps.base import Params
from runbooks.vocabulary import Done, PlanningFailed
from tests.fixtures.schemas import Schema
from tests.steps.half_way import back

QUIET = {"lint": {"exclude": ["prefer-robust-stmts", "prefer-bigint-over-int"]}, "large-table": "1MB"}
FILLED = """
create table orders (id int, code varchar(20), note text);
create table tenants (id int primary key);
create table flags (id int);
insert into orders select g, g, repeat('x', 100) from generate_series(1, 12000) as g;
insert into tenants values (1);
analyze;
"""


async def _lines(schema: Schema, *texts: str, **migrations: object) -> list[str]:
    """The plan's lines about files 021, 022, ... of these texts, without the one that names and classifies them."""
    files = [{f"{21 + n:03}_f.sql": text, **back(f"{21 + n:03}")} for n, text in enumerate(texts)]
    site = schema.site(schema.release(*files), migrations={**QUIET, **migrations})
    shows = (await schema.plan.resolve(Params(), site)).shows
    heads = ("1 migration", "Nothing is recorded", f"{len(texts)} migrations", *(name for f in files for name in f))
    return [line for line in shows if not line.startswith(heads) or "; " in line]


@pytest.fixture
async def filled(schema: Schema) -> Schema:
    await schema.ask(FILLED)
    return schema


async def test_a_large_table_that_is_rewritten_is_warned_of(filled: Schema) -> None:
    lines = await _lines(
        filled, "alter table orders alter column id type bigint;", lint={"exclude": ["changing-column-type"]}
    )
    (line,) = lines
    assert line.startswith("⚠️ orders: 1.")
    assert line.endswith(" MB, about 12,000 rows, large; blocks reads and writes while it is rewritten")


async def test_a_large_table_that_is_held_for_a_moment_is_marked_and_not_warned_of(filled: Schema) -> None:
    (line,) = await _lines(filled, "alter table orders add column more text;")
    assert line.startswith("orders: 1.")
    assert line.endswith("about 12,000 rows, large; blocks reads and writes for a moment")


async def test_small_tables_share_a_line(filled: Schema) -> None:
    (line,) = await _lines(filled, "alter table tenants add a text; alter table flags add a text;")
    assert line == "tenants, flags: 24 kB in all; block reads and writes for a moment"


async def test_one_held_while_another_is_worked_through_waits_as_long(filled: Schema) -> None:
    text = "alter table tenants add a text; update orders set note = 'y'; alter table flags add b text;"
    flags, orders, tenants = sorted(await _lines(filled, text))
    assert flags == "flags: 0 B, about 0 rows; blocks reads and writes for a moment"
    assert orders.endswith("large; its rows are changed; only who changes the same rows waits")
    assert tenants == "tenants: 24 kB, about 1 row; blocks reads and writes while rows of orders are changed"


async def test_statements_of_their_own_transactions_hold_nothing_for_each_other(filled: Schema) -> None:
    text = "begin; alter table tenants add a text; commit; update orders set note = 'y';"
    lines = await _lines(filled, text)
    assert "tenants: 24 kB, about 1 row; blocks reads and writes for a moment" in lines


async def test_an_index_built_concurrently_blocks_nobody(filled: Schema) -> None:
    (line,) = await _lines(filled, "-- outside-transactions\ncreate index concurrently by_code on orders (code);")
    assert line.endswith("large; an index is built on it while reads and writes go on")


async def test_what_the_migrations_make_is_nobodys_to_wait_for(filled: Schema) -> None:
    first = "create table new (id bigint); alter table new add column a text; create index i on new (id);"
    assert await _lines(filled, first, "alter table new add column b text; alter table new rename to newer;") == []


async def test_a_table_renamed_before_is_the_one_it_was(filled: Schema) -> None:
    lines = await _lines(filled, "alter table orders rename to sales; create index i on sales (id);")
    assert any(line.startswith("⚠️ orders: ") and "while an index is built on it" in line for line in lines)


async def test_several_files_are_named(filled: Schema) -> None:
    lines = await _lines(filled, "alter table tenants add a text;", "alter table nowhere add a text;")
    assert lines == [
        "021_f.sql: tenants: 24 kB, about 1 row; blocks reads and writes for a moment",
        "022_f.sql: nowhere: not in the database; blocks reads and writes for a moment",
    ]


async def test_a_table_that_was_never_counted(schema: Schema) -> None:
    await schema.ask("create table fresh (id int)")
    assert await _lines(schema, "alter table fresh add a text;") == [
        "fresh: 0 B, rows never counted; blocks reads and writes for a moment"
    ]


async def test_partitions_count_together_and_each_by_itself(schema: Schema) -> None:
    await schema.ask(
        "create table p (id int) partition by range (id); create table p1 partition of p for values from (0) to (9);"
        "insert into p values (1); analyze p1"
    )
    (line,) = await _lines(schema, "alter table p add a text;")
    assert line == "p, p1: 16 kB in all; block reads and writes for a moment"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("do $$ begin end $$;", "a DO block at line 1"),
        ("select 1;\nselect clear_up();", "the function clear_up, called at line 2"),
        ("drop type if exists mood cascade;", "DROP ... CASCADE at line 1"),
    ],
)
async def test_what_can_not_be_told_is_said(filled: Schema, text: str, why: str) -> None:
    assert f"What 021_f.sql locks is not known in full: it has {why}" in await _lines(filled, text)


async def test_a_size_that_can_not_be_had_in_time_is_said(filled: Schema) -> None:
    async with await psycopg.AsyncConnection.connect(filled.url) as holder:
        await holder.execute("lock table orders")
        lines = await _lines(filled, "alter table orders add column more text;")
    assert lines == [
        "⚠️ Sizes of tables are not known: the database of solvereign-api production did not answer: "
        "another session holds one of the tables",
        "orders: size not known; blocks reads and writes for a moment",
    ]


async def test_sizes_and_findings_are_not_in_the_digest(filled: Schema) -> None:
    text = {"021_f.sql": "alter table orders add column more text;", **back("021")}
    turn = await filled.turn(filled.plan, filled.site(filled.release(text)))
    await filled.ask(
        "insert into orders select * from orders; insert into orders select * from orders; analyze orders"
    )
    again = await filled.turn(filled.plan, turn.site)
    assert turn.step.shows != again.step.shows
    assert turn.step.does == again.step.does


# ------------------------------------------------------------ the linter


async def test_what_the_linter_finds_is_a_line_and_in_full_in_the_thread(filled: Schema) -> None:
    text = {"021_f.sql": "select 1;\n\nalter table orders add column b int not null;\n", **back("021")}
    turn = await filled.turn(filled.plan, filled.site(filled.release(text), migrations=QUIET))
    line = turn.step.shows[-1]
    assert line.startswith("021_f.sql:3: Adding a new column that is `NOT NULL`")
    assert line.endswith("(adding-required-field)")
    outcome = await filled.plan.start(turn)
    assert isinstance(outcome, Done)
    (page,) = outcome.evidence["lint"]
    assert page.startswith("021_f.sql:3 adding-required-field\n")
    assert page.endswith("Make the field nullable or add a non-VOLATILE DEFAULT")


async def test_what_every_migration_is_run_with_is_not_asked_for(filled: Schema) -> None:
    lines = await _lines(filled, "alter table orders add column more text;", lint={})
    assert not any("timeout" in line for line in lines)
    assert not any("(prefer-robust-stmts)" in line for line in lines), "it runs in one transaction"


async def test_the_catalogue_may_refuse_what_the_linter_finds(filled: Schema) -> None:
    text = {"021_f.sql": "create index i on orders (id);", **back("021")}
    lint = {"findings": "refuse"}
    site = filled.site(filled.release(text), migrations={"lint": lint})
    with pytest.raises(PlanningFailed, match=r"021_f\.sql:1 require-concurrent-index.* The catalogue refuses"):
        await filled.plan.resolve(Params(), site)
    lint["exclude"] = ["require-concurrent-index-creation", "prefer-robust-stmts"]
    await filled.plan.resolve(Params(), filled.site(site.commit, migrations={"lint": lint}))


async def test_a_linter_that_fails_is_said_and_refuses_where_findings_would(filled: Schema) -> None:
    lines = await _lines(filled, "alter table orders add column more text;", lint={"exclude": ["no-such-rule"]})
    assert lines[-1].startswith("⚠️ Not linted: squawk ended with 2: invalid value 'no-such-rule'")
    with pytest.raises(PlanningFailed, match="The migrations were not linted: squawk ended with 2"):
        await _lines(filled, "select 1;", lint={"exclude": ["no-such-rule"], "findings": "refuse"})


async def test_a_turn_finds_nothing_where_there_is_nothing(filled: Schema) -> None:
    turn = await filled.turn(filled.plan, filled.site(filled.release({"021_f.sql": "select 1;", **back("021")})))
    assert await filled.plan.start(replace(turn, epoch=8)) == Done(
        "1 to apply, with its way back", {"files": ["021_f.sql"], "stands_at": ""}
    )
