"""A down-script that takes data away is asked about once more: tables, columns, and rows of the real database."""

from dataclasses import replace

import psycopg
import pytest

from bot.adapters.service_database import counting as adapter
from runbooks.steps.base import Turn
from runbooks.steps.migrations.counting import Counted, NotCounted, Place, told
from runbooks.steps.migrations.losses import Loss
from runbooks.vocabulary import Done, NotDone, Waiting
from tests.fixtures.schemas import TENANTS, Schema

ORDERS = {
    "022_orders.sql": "create table orders (id int);\n",
    "022_rollback.sql": "drop table orders;\n",
}
FLAGS = {
    "023_tenant_flags.sql": "alter table orders add column flags text;\ncreate table tenant_flags (f text);\n",
    "023_rollback.sql": "alter table orders drop column flags;\ndrop table tenant_flags;\n",
}


def index(number: str) -> dict[str, str]:
    """A migration whose way back takes no data away."""
    return {
        f"{number}_index.sql": "create index by_id on orders (id);\n",
        f"{number}_rollback.sql": "drop index by_id;\n",
    }


FILLED = """
insert into orders select n, case when n <= 1204 then 'x' end from generate_series(1, 3310) n;
insert into tenant_flags select 'f' from generate_series(1, 87);
"""


async def turn_to(schema: Schema, to: str, *parts: dict[str, str]) -> Turn:
    commit = await schema.applied(TENANTS, ORDERS, *parts)
    site = schema.back_to(to, schema.site(commit))
    return await schema.turn(schema.rollback, site, epoch=9)


def dangerous(asked: object) -> str:
    assert isinstance(asked, Waiting), asked
    (choice,) = (c.value for c in asked.choices if c.danger)
    return choice


async def test_it_names_tables_columns_and_rows(schema: Schema) -> None:
    turn = await turn_to(schema, "022_orders", FLAGS)
    await schema.ask(FILLED)
    turn = replace(turn, choice=dangerous(await schema.rollback.start(turn)))
    asked = await schema.rollback.start(turn)
    assert isinstance(asked, Waiting)
    assert asked.on == "a second word on 023_rollback.sql, which takes data away"
    assert asked.detail == (
        "023_rollback.sql takes data away that no script brings back, as counted just now:\n"
        "• drops column orders.flags: 1,204 of 3,310 rows hold a value\n"
        "• drops table tenant_flags: 87 rows\n\n"
        "023_rollback.sql, the way back of 023_tenant_flags.sql: "
        "drops column orders.flags, drops table tenant_flags\n"
        "alter table orders drop column flags;\ndrop table tenant_flags;"
    )
    leave, run = asked.choices
    assert (leave.value, leave.danger) == ("leave", False)
    assert (run.label, run.danger) == ("Take it away: run 023_rollback.sql", True)
    assert run.asks == (
        "023_rollback.sql drops column orders.flags: 1,204 of 3,310 rows hold a value; "
        "drops table tenant_flags: 87 rows."
    )
    assert "tenant_flags" in await schema.tables()
    outcome = await schema.rollback.start(replace(turn, choice=run.value))
    assert isinstance(outcome, Done)
    assert await schema.tables() == {"tenants", "orders"}


async def test_each_that_takes_data_away_is_asked_about_and_no_other(schema: Schema) -> None:
    turn, files = await turn_to(schema, "021_tenants", FLAGS, index("024")), []
    while isinstance(asked := await schema.rollback.start(turn), Waiting):
        files.append(asked.on)
        turn = replace(turn, choice=dangerous(asked))
    assert asked.kind == "done"
    assert files == [
        "a decision about the schema",
        "a second word on 023_rollback.sql, which takes data away",
        "a second word on 022_rollback.sql, which takes data away",
    ]


async def test_where_none_does_one_word_is_enough(schema: Schema) -> None:
    turn = await turn_to(schema, "022_orders", index("023"))
    turn = replace(turn, choice=dangerous(await schema.rollback.start(turn)))
    assert (await schema.rollback.start(turn)).kind == "done"


async def test_a_word_on_other_texts_is_none(schema: Schema) -> None:
    turn = await turn_to(schema, "022_orders", FLAGS)
    turn = replace(turn, choice=dangerous(await schema.rollback.start(turn)))
    turn = replace(turn, choice=dangerous(await schema.rollback.start(turn)))
    other = schema.release(TENANTS, ORDERS, {**FLAGS, "023_rollback.sql": "drop table tenant_flags, orders;\n"})
    await schema.ask("update opsbot.migrations set commit = %s where number = 23", [other])
    asked = await schema.rollback.start(turn)
    assert isinstance(asked, Waiting)
    assert asked.on == "a decision about the schema"
    assert "tenant_flags" in await schema.tables()


async def test_the_first_word_alone_runs_nothing_though_it_was_cut_off(schema: Schema) -> None:
    turn = await turn_to(schema, "022_orders", FLAGS)
    turn = replace(turn, choice=dangerous(await schema.rollback.start(turn)))
    assert await schema.rollback.settle(replace(turn, epoch=10)) == NotDone()
    assert isinstance(await schema.rollback.start(replace(turn, epoch=11)), Waiting)
    assert "tenant_flags" in await schema.tables()


PLACES = [Place(("orders",)), Place(("orders",), "flags"), Place(("public", "orders")), Place(("Missing",))]


async def count(schema: Schema, places: list[Place], limit: int = 10) -> list[Counted | NotCounted]:
    async with await psycopg.AsyncConnection.connect(schema.url, autocommit=True) as connection:
        found = await adapter.count(connection, places, limit)
    return [found[place] for place in places]


async def test_it_is_counted_up_to_a_limit_and_then_said_to_be_more(schema: Schema) -> None:
    await schema.ask("create table orders (id int, flags text)")
    await schema.ask("insert into orders select n, case when n % 2 = 0 then 'x' end from generate_series(1, 10) n")
    gone = NotCounted("it is not there")
    assert await count(schema, PLACES) == [Counted(10), Counted(10, 5), Counted(10), gone]
    few = await count(schema, PLACES[:2], limit=3)
    assert few[0] == Counted(3, more=True)
    assert isinstance(few[1], Counted)
    assert few[1].more


async def test_a_count_that_would_be_too_small_is_none(schema: Schema) -> None:
    await schema.ask("create table orders (id int); alter table orders enable row level security")
    await schema.ask("alter table orders force row level security")
    await schema.ask(
        "drop role if exists sees_some; create role sees_some login; grant select on orders to sees_some"
    )
    schema.url = psycopg.conninfo.make_conninfo(schema.admin_url, user="sees_some")
    assert await count(schema, PLACES[:1]) == [NotCounted("Opsbot's role may not read all of it")]
    await schema.ask("revoke select on orders from sees_some")
    assert await count(schema, PLACES[:1]) == [NotCounted("Opsbot's role may not read all of it")]


async def test_what_is_locked_is_not_waited_for(schema: Schema) -> None:
    await schema.ask("create table orders (id int)")
    async with await psycopg.AsyncConnection.connect(schema.admin_url) as other:
        await other.execute("lock table orders in access exclusive mode")
        assert await count(schema, PLACES[:1]) == [NotCounted("something else has locked it")]


async def test_what_somebody_took_away_meanwhile_is_said_not_to_be_there(schema: Schema) -> None:
    turn = await turn_to(schema, "021_tenants", {})
    turn = replace(turn, choice=dangerous(await schema.rollback.start(turn)))
    await schema.ask("alter table orders rename to others")
    asked = await schema.rollback.start(turn)
    assert isinstance(asked, Waiting)
    assert "drops table orders: not counted, since it is not there" in asked.detail


@pytest.mark.parametrize(
    ("loss", "found", "said"),
    [
        (Loss("drops table t", ("t",)), Counted(1), "drops table t: 1 row"),
        (Loss("drops table t", ("t",)), Counted(0), "drops table t: no rows"),
        (Loss("drops table t", ("t",)), Counted(1_000_000, more=True), "drops table t: more than 1,000,000 rows"),
        (Loss("drops column t.c", ("t",), "c"), Counted(4), "drops column t.c: none of 4 rows holds a value"),
        (Loss("drops column t.c", ("t",), "c"), Counted(4, 1), "drops column t.c: 1 of 4 rows holds a value"),
        (
            Loss("drops column t.c", ("t",), "c"),
            Counted(1_000_000, 5, more=True),
            "drops column t.c: at least 5 of more than 1,000,000 rows hold a value",
        ),
        (Loss("runs a DO block"), Counted(0), "runs a DO block: how much that takes away is not known"),
        (
            Loss("drops table t", ("t",)),
            NotCounted("it took too long"),
            "drops table t: not counted, since it took too long",
        ),
    ],
)
def test_it_is_said_as_it_is_known(loss: Loss, found: Counted | NotCounted, said: str) -> None:
    assert told(loss, {Place(loss.table, loss.column): found}) == said
