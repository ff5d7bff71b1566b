"""Two servers: the session's, where the real database is, and another one to rehearse on."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from bot.adapters.rehearsal.scratch import Place, PlaceRehearsals
from bot.adapters.rehearsal.server import Address, Addresses
from runbooks.steps.migrations.files import Migration
from sandbox.postgres import PostgresServer
from tests.fixtures.postgres import DatabaseFactory
from tests.fixtures.schemas import with_user

OWNER = "scratch_shop_owner"
SCHEMA = """
do $$ begin create role scratch_shop_owner login; create role scratch_shop_reader; create role scratch_other;
grant scratch_shop_reader to scratch_other;
exception when duplicate_object then null; end $$;
create type mood as enum ('sad', 'ok');
create table orders (id bigint generated always as identity primary key, tenant int not null, mood mood, note text);
create index orders_by_tenant on orders (tenant) where note is not null;
create function touched() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger touched before update on orders for each row execute function touched();
alter table orders enable row level security;
create policy own on orders to scratch_shop_reader using (tenant = 1);
alter table orders owner to scratch_shop_owner;
grant select on orders to scratch_shop_reader;
create view moods as select mood, count(*) from orders group by mood;
create schema opsbot;
create table opsbot.fence (one int);
insert into orders (tenant) values (1), (2);
"""


@dataclass
class World:
    """`urls` by variable; tests change them."""

    server: PostgresServer
    urls: dict[str, str]
    real: str
    production: tuple[Address, ...] = (Address("REAL", "the database of shop production"),)
    chain: list[Migration] = field(default_factory=list)

    def rehearsals(self, run: str = "D-107") -> PlaceRehearsals:
        """Of the shop."""

        async def applied() -> list[Migration]:
            return self.chain

        where = Address("REHEARSAL", "the rehearsal database of shop production")
        place = Place(run, where, Address("REAL", "the database of shop production"), self.production, applied)
        return PlaceRehearsals(Addresses(self.urls.__getitem__), place)

    def scratches(self) -> set[str]:
        """Databases there that are not the server's own."""
        return set(self.server.databases()) - {"postgres", "template0", "template1"}

    def as_role(self, name: str, rights: str) -> None:
        """Rehearse as a role that has no more than these rights."""
        self.server.execute(f"drop role if exists {name}".encode())  # type: ignore[arg-type] # a name of a test
        self.server.execute(f"create role {name} login {rights}".encode())  # type: ignore[arg-type] # likewise
        self.urls["REHEARSAL"] = with_user(self.urls["REHEARSAL"], name)


@pytest.fixture
def world(rehearsal_server: PostgresServer, database: DatabaseFactory) -> Iterator[World]:
    real = database()
    with psycopg.connect(real, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
    urls = {"REAL": real, "REHEARSAL": rehearsal_server.url()}
    yield World(rehearsal_server, urls, str(conninfo_to_dict(real)["dbname"]))
    for name in rehearsal_server.databases() - {"postgres", "template0", "template1"}:
        rehearsal_server.drop_database(name)
