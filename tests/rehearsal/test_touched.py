"""Which tables a script touches: those that need rows before it is tried."""

import pytest

from runbooks.rehearsal.scratch import File
from runbooks.rehearsal.touched import touched
from runbooks.steps.migrations.sql import analyse
from tests.rehearsal.scratches import TestRehearsals

ORDERS = ("public.items", "public.orders")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1", ()),
        ("-- orders\nselect 1", ()),
        ("alter table orders add column a text", ORDERS),  # items refer to it
        ("update public.customers set town = 'x'", ("public.customers", "public.orders")),
        ("drop index orders_by_day", ORDERS),
        ("drop trigger orders_touch on orders", ORDERS),
        ("do $$ begin execute 'delete from items'; end $$", ("public.items",)),
        ("do $$ begin execute format('alter table %I add a text', 'items'); end $$", ("public.items",)),
        ("alter type order_state add value 'x'", ORDERS),
        ("alter domain email drop constraint email_has_at", ("public.customers", "public.orders")),
        ("insert into paid_orders select from nowhere", ORDERS),
        ("truncate audit.events", ("audit.events", "audit.events_early", "audit.events_late")),
        ("truncate audit.events_early", ("audit.events", "audit.events_early")),
        ("create table orderly (a text)", ()),
    ],
)
async def test_tables_are_found(shop: TestRehearsals, text: str, expected: tuple[str, ...]) -> None:
    async with shop.scratch() as scratch:
        found = await scratch.fingerprint()
    assert touched([File("024_x.sql", text, analyse("024_x.sql", text).statements), None], found) == expected
