"""What is lent to a program has the rights of the service's own role, and what files make belongs to who migrates."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from bot.adapters.rehearsal.addresses import with_options
from runbooks.rehearsal.scratch import RehearsalUnfit
from runbooks.steps.base import Site
from tests.fixtures.schemas import with_user
from tests.scratch.conftest import World
from tests.scratch.test_servers import file, servers_of
from tests.steps import places

ROLES = """
do $$ begin create role scratch_api login; create role scratch_migrator login; create role scratch_root bypassrls;
exception when duplicate_object then null; end $$;
"""
FLAGS = "create schema own;\ncreate table flags (id int);\ninsert into flags values (1);\n"


def site(role: str = "scratch_api") -> Site:
    environment = {"database": "REAL", "rehearsal": "REHEARSAL", "service-role": role}
    return places.site(environment=environment, service={"migrations": {"folder": "db"}})


def real(world: World, *statements: str) -> None:
    with psycopg.connect(world.urls["REAL"], autocommit=True) as connection:
        for each in (ROLES, *statements):
            connection.execute(each.encode())


async def lent(world: World, folder: Path, role: str = "scratch_api", text: str = FLAGS) -> str:
    return await servers_of(world, site(role), folder).lend(site(role), [file("024_flags.sql", text)])


def asked(address: str, query: str, *before: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        for each in before:
            connection.execute(each.encode())
        found = connection.execute(query.encode())
        return found.fetchall() if found.description else []


async def test_a_right_that_the_service_lacks_on_a_new_table_is_missed(world: World, tmp_path: Path) -> None:
    real(world, "grant select on orders to scratch_api")
    address = await lent(world, tmp_path)
    assert asked(address, "select current_user") == [("scratch_api",)]
    assert asked(address, "select current_user", "reset role") == [("scratch_api",)]
    assert asked(address, "select * from orders") == []
    with pytest.raises(errors.InsufficientPrivilege, match="flags"):
        asked(address, "select * from flags")


async def test_rights_that_are_given_by_default_are_given(world: World, tmp_path: Path) -> None:
    """To what the role makes that migrates the real database, which owns it there."""
    name = psycopg.conninfo.conninfo_to_dict(world.urls["REAL"])["dbname"]
    real(
        world,
        "grant select on all tables in schema public to scratch_migrator",
        "grant select on all sequences in schema public to scratch_migrator",
        f'alter database "{name}" owner to scratch_migrator',
        "alter default privileges for role scratch_migrator grant select on tables to scratch_api",
    )
    world.urls["REAL"] = with_user(world.urls["REAL"], "scratch_migrator")
    world.server.execute("drop role if exists scratch_api, scratch_migrator")
    world.as_role("rehearser", "createdb createrole")
    address = await lent(world, tmp_path)
    assert asked(address, "select * from flags") == [(1,)]
    assert asked(address, "select tableowner from pg_tables where tablename = 'flags'") == [("scratch_migrator",)]
    await servers_of(world, site(), tmp_path).take_back(site())
    assert world.scratches() == set()


async def test_its_sessions_begin_with_what_is_set_for_it(world: World, tmp_path: Path) -> None:
    real(world, "alter role scratch_api set search_path = own, public", "alter role scratch_api set app.note = 'a b'")
    try:
        address = await lent(world, tmp_path, text=f"{FLAGS}grant usage on schema own to scratch_api;")
        assert asked(address, "select current_setting('search_path'), current_setting('app.note')") == [
            ("own, public", "a b")
        ]
    finally:
        real(world, "alter role scratch_api reset all")


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        (
            "scratch_nobody",
            "has no role scratch_nobody. Name the role that the service connects as in `service-role`",
        ),
        ("scratch_root", r'ALTER ROLE "scratch_root" NOSUPERUSER BYPASSRLS;'),
    ],
)
async def test_a_role_that_is_not_the_same_there_is_not_tried(
    world: World, tmp_path: Path, role: str, sentence: str
) -> None:
    real(world)
    with pytest.raises(RehearsalUnfit, match=sentence):
        await lent(world, tmp_path, role)
    assert world.scratches() == set()


async def test_a_role_that_it_may_not_act_as_is_not_tried(world: World, tmp_path: Path) -> None:
    real(world)
    await lent(world, tmp_path)  # so that the role is there, made by an administrator
    await servers_of(world, site(), tmp_path).take_back(site())
    world.as_role("lean", "createdb createrole")
    with pytest.raises(RehearsalUnfit, match=r'lean may not act as scratch_api.*GRANT "scratch_api" TO "lean";'):
        await lent(world, tmp_path)


@pytest.mark.parametrize(
    ("address", "with_role"),
    [
        ("postgresql://a@h:1/x", "postgresql://a@h:1/x?options=-c%20role%3Dapi"),
        (
            "postgresql://a@h/x?sslmode=require&options=-c%20jit%3Doff",
            "postgresql://a@h/x?sslmode=require&options=-c%20jit%3Doff%20-c%20role%3Dapi",
        ),
        ("dbname=x host=h", "dbname=x host=h options='-c role=api'"),
    ],
)
def test_an_address_keeps_what_it_says(address: str, with_role: str) -> None:
    assert with_options(address, "-c role=api") == with_role
    assert with_options(address, "") == address
