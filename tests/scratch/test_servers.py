"""A scratch database that is lent for a program to use, and taken back; which servers are never rehearsed on."""

import os
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bot.adapters.rehearsal.servers import RehearsalServers, productions
from bot.adapters.service_database.database import ServiceDatabases
from bot.adapters.source.git import GitSource
from runbooks.catalogue import Catalogue
from runbooks.rehearsal.scratch import File, RehearsalFailed, RehearsalUnfit
from runbooks.steps.base import Site
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.sql import analyse
from tests.scratch.conftest import World
from tests.steps import places


def the_site() -> Site:
    return places.site(
        environment={"database": "REAL", "rehearsal": "REHEARSAL"}, service={"migrations": {"folder": "db"}}
    )


def catalogue_of(site: Site) -> Catalogue:
    groups = {"sre": {"members": ["U0EXAMPLEADA", "U0EXAMPLEBODO"]}}
    return Catalogue.model_validate(
        {"groups": groups, "clusters": {"main": {"in-cluster": True}}, "services": {site.service_name: site.service}}
    )


def servers_of(world: World, site: Site, folder: Path) -> RehearsalServers:
    source = GitSource(folder / "git", environment=os.environ)
    planner = MigrationPlanner(source, ServiceDatabases(world.urls.__getitem__))
    return RehearsalServers(world.urls.__getitem__, catalogue_of(site), planner)


def file(name: str, text: str) -> File:
    return File(name, text, analyse(name, text).statements)


async def test_what_is_lent_has_the_new_schema_and_stands_until_it_is_taken_back(
    world: World, tmp_path: Path
) -> None:
    site = the_site()
    servers = servers_of(world, site, tmp_path)
    url = await servers.lend(site, [file("024_flags.sql", "alter table orders add column flag boolean;")])
    with psycopg.connect(url) as connection:
        connection.execute("insert into orders (tenant, flag) values (1, true)")
    async with world.rehearsals("D-108").scratch():  # another run leaves it alone
        assert "opsbot_rehearsal_d107_1" in world.scratches()
    assert world.scratches() == {"opsbot_rehearsal_d107_1"}
    await servers.take_back(replace(site, run="D-10"))
    assert world.scratches() == {"opsbot_rehearsal_d107_1"}
    await servers.take_back(site)
    assert world.scratches() == set()


@pytest.mark.parametrize("last", ["", "drop table nothing;"])
async def test_roles_that_lent_files_made_go_with_it(world: World, tmp_path: Path, last: str) -> None:
    site = the_site()
    servers = servers_of(world, site, tmp_path)
    lend = servers.lend(site, [file("024_role.sql", f'begin; create role "Lent Role"; commit; {last}')])
    if last:
        with pytest.raises(RehearsalFailed):
            await lend
    else:
        await lend
        await servers.take_back(site)
    assert world.server.execute("select 1 from pg_roles where rolname = 'Lent Role'") == []


async def test_nothing_is_lent_where_a_file_fails(world: World, tmp_path: Path) -> None:
    site = the_site()
    with pytest.raises(RehearsalFailed, match=r"024_flags\.sql:2"):
        await servers_of(world, site, tmp_path).lend(site, [file("024_flags.sql", "select 1;\ndrop table nothing;")])
    assert world.scratches() == set()


def test_a_place_without_a_rehearsal_server_is_told_what_to_add(world: World, tmp_path: Path) -> None:
    site = places.site(environment={"database": "REAL"})
    with pytest.raises(RehearsalUnfit, match=r"solvereign-api production names no rehearsal server\. Add `rehearsal"):
        servers_of(world, site, tmp_path).of(site)


def test_every_production_database_counts_once() -> None:
    assert [each.variable for each in productions(catalogue_of(the_site()))] == ["REAL"]
