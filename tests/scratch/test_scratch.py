"""A scratch database has the real schema and nobody's rows, on no production server, and is gone after."""

import os
from dataclasses import replace

import psycopg
import pytest

from bot.adapters.rehearsal.catalogs import fingerprint
from bot.adapters.rehearsal.scratch import LENT, PlaceRehearsals
from bot.adapters.rehearsal.server import Address, Server, refuse_unfit
from runbooks.rehearsal.catalogs import differences
from runbooks.rehearsal.scratch import RehearsalUnfit
from runbooks.rehearsal.things import Fingerprint
from runbooks.steps.migrations.files import Migration
from runbooks.vocabulary import Unreachable
from tests.scratch.conftest import OWNER, World

UP = "create table extra (id int primary key, mood mood not null); alter table orders add column total numeric(9,2);"


async def of_real(world: World) -> Fingerprint:
    async with await psycopg.AsyncConnection.connect(world.urls["REAL"], autocommit=True) as connection:
        return await fingerprint(connection)


def without_roles(catalogs: Fingerprint) -> Fingerprint:
    kinds = ("role", "membership", "database")
    return Fingerprint({t: f for t, f in catalogs.things.items() if t.kind not in kinds})


@pytest.mark.parametrize("rights", ["createdb createrole", "superuser"])
async def test_it_has_the_real_schema_and_is_gone_afterwards(world: World, rights: str) -> None:
    world.as_role(f"rehearser_{len(rights)}", rights)
    rehearsals = world.rehearsals()
    async with rehearsals.scratch() as scratch:
        assert scratch.name == "opsbot_rehearsal_d107_1"
        there = without_roles(await scratch.fingerprint())
        rows = await scratch.contents(["public.orders"])
        await scratch.run("001_extra.sql", UP)
        filled = await scratch.fill(["public.extra", "public.orders"])
        after = await scratch.contents(["public.extra", "public.orders", "opsbot.fence"])
    found = differences(without_roles(await of_real(world)), there)
    may_differ = {"position"} if rights == "superuser" else {"position", "owner"}  # which only a superuser gives away
    others = [each for each in found if not each.note and not set(each.facts) <= may_differ]
    assert [each for each in others if each.thing.kind != "privileges" or rights == "superuser"] == []
    assert rows["public.orders"].rows == ()
    assert (filled.unfilled, set(after)) == ({}, {"public.extra", "public.orders"})
    assert all(len(each.rows) >= 3 for each in after.values())
    assert world.scratches() == set()
    assert rehearsals.way.startswith("made from a dump of the real schema")
    attributes = "select rolcanlogin from pg_roles where rolname = %s"
    assert world.server.execute(attributes, (OWNER,)) == [(False,)]


@pytest.mark.parametrize(
    ("rights", "sentence"),
    [("nocreatedb createrole", "may not make databases. Run there, as its administrator: ALTER ROLE poor CREATEDB;")],
)
async def test_a_role_that_may_not_is_told_what_it_needs(world: World, rights: str, sentence: str) -> None:
    world.as_role("poor", rights)
    with pytest.raises(RehearsalUnfit, match=sentence):
        await made(world.rehearsals())
    assert world.scratches() == set()


async def test_roles_that_are_missing_and_can_not_be_made_are_named(world: World) -> None:
    with psycopg.connect(world.urls["REAL"], autocommit=True) as connection:
        connection.execute("create role scratch_newcomer")
    try:
        world.as_role("lean", "createdb")
        with pytest.raises(RehearsalUnfit, match=r"scratch_newcomer.*ALTER ROLE lean CREATEROLE"):
            await made(world.rehearsals())
    finally:
        with psycopg.connect(world.urls["REAL"], autocommit=True) as connection:
            connection.execute("drop role scratch_newcomer")


async def test_the_production_server_is_never_rehearsed_on(world: World) -> None:
    before = world.scratches()
    world.urls["REHEARSAL"] = world.urls["REAL"].replace("127.0.0.1", "localhost")
    with pytest.raises(RehearsalUnfit, match=r"REHEARSAL leads to the server of the database of shop production"):
        await made(world.rehearsals())
    assert world.scratches() == before


async def test_a_production_that_does_not_answer_is_not_taken_for_another_server(world: World) -> None:
    world.urls["ELSEWHERE"] = "postgresql://ops:made-up-password@127.0.0.1:1/ops"
    world.production = (*world.production, Address("ELSEWHERE", "the database of pay production"))
    with pytest.raises(Unreachable) as caught:
        await made(world.rehearsals())
    assert "the database of pay production" in str(caught.value)
    assert "made-up-password" not in str(caught.value)


async def test_an_address_that_is_none_is_not_quoted(world: World) -> None:
    world.urls["REHEARSAL"] = "postgresql:/ops:made-up-password@nowhere"
    with pytest.raises(Unreachable, match="REHEARSAL holds no address") as caught:
        await made(world.rehearsals())
    assert "made-up-password" not in str(caught.value)


def test_another_major_version_is_refused() -> None:
    there = Server("1", "1.0", 17, "17.2", "ops", True, True, False, False)
    where = Address("REHEARSAL", "the rehearsal database")
    refuse_unfit(there, where, there)
    with pytest.raises(RehearsalUnfit, match="PostgreSQL 17, the real database is on 18"):
        refuse_unfit(there, where, replace(there, major=18))
    with pytest.raises(RehearsalUnfit, match="standby"):
        refuse_unfit(replace(there, standby=True), where, there)


def test_servers_are_told_apart_also_where_the_identifier_may_not_be_read() -> None:
    one = Server("", "1732706543.123456", 18, "18.4", "ops", True, True, False, False)
    assert one.is_also(replace(one, identifier="7"))
    assert not one.is_also(replace(one, started="1732706543.123457"))
    assert replace(one, identifier="7").is_also(replace(one, identifier="7", started="1732706999.0"))
    assert not replace(one, identifier="7").is_also(replace(one, identifier="8"))


async def test_what_a_killed_process_left_is_dropped_and_what_is_in_use_stays(world: World) -> None:
    names = ("opsbot_rehearsal_d99_1", "opsbot_rehearsal_d99_2", "opsbot_rehearsal_d99_3", "somebodys_rehearsal")
    for name in names:
        world.server.create_database(name)
    world.server.execute(f"comment on database {names[2]} is '{LENT}{2**40}'".encode())  # type: ignore[arg-type] # ours
    with psycopg.connect(world.server.url(names[1])):
        async with world.rehearsals().scratch() as scratch:
            assert world.scratches() == {*names[1:], scratch.name}
    await made(world.rehearsals())
    assert world.scratches() == {names[2], names[3]}


async def test_two_at_once_wait_for_each_other(world: World) -> None:
    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async with world.rehearsals().scratch():
        second = world.rehearsals("D-108")
        second.sleep = sleep
        with pytest.raises(Unreachable, match="another rehearsal is under way"):
            await made(second)
    assert len(waited) == 60


async def test_without_a_dump_the_chain_is_replayed_and_held_against_the_real_schema(world: World) -> None:
    chain = {"001_orders.sql": "create table tags (id int primary key);", "002_x.sql": "create view v as table tags;"}
    with psycopg.connect(world.urls["REAL"], autocommit=True) as connection:
        connection.execute("drop table orders cascade; drop type mood; drop function touched")
        for text in chain.values():
            connection.execute(text.encode())
        connection.execute("revoke all on tags from public")
    world.chain = [Migration(name, text) for name, text in chain.items()]
    world.urls["REAL"] = world.urls["REAL"].replace("postgres@", f"{OWNER}@")
    rehearsals = world.rehearsals()
    async with rehearsals.scratch() as scratch:
        assert (await scratch.contents(["public.tags"])).keys() == {"public.tags"}
    assert "the role may not read every table" in rehearsals.way
    world.chain.pop()
    with pytest.raises(RehearsalUnfit, match=r"makes another one: view v would differ"):
        await made(world.rehearsals())


async def test_roles_that_a_file_made_are_gone_with_it(world: World) -> None:
    async with world.rehearsals().scratch() as scratch:
        await scratch.run("001_role.sql", "create role scratch_made; grant select on orders to scratch_made;")
    assert world.server.execute("select 1 from pg_roles where rolname = 'scratch_made'") == []


async def test_it_is_gone_after_an_error_too(world: World) -> None:
    with pytest.raises(RuntimeError):
        async with world.rehearsals().scratch():
            raise RuntimeError
    assert world.scratches() == set()
    assert "PGPASSWORD" not in os.environ


async def made(rehearsals: PlaceRehearsals) -> None:
    async with rehearsals.scratch():
        pass
