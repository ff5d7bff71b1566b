"""The corpus's schema as a template, from which scratch databases are copied."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.postgres import PostgresServer
from tests.fixtures.postgres import TemplateFactory
from tests.rehearsal.reading import BASE, ROLES
from tests.rehearsal.scratches import TestRehearsals

NASTY = Path(__file__).parent / "nasty.sql"


def build(url: str) -> None:
    """The corpus's base schema."""
    with psycopg.connect(url, autocommit=True) as connection:
        make_roles(connection)
        connection.execute(BASE.read_bytes())


def build_nasty(url: str) -> None:
    """The schema with one of everything."""
    with psycopg.connect(url, autocommit=True) as connection:
        make_roles(connection)
        connection.execute(NASTY.read_bytes())


def make_roles(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """The roles that both need, which stay on the server."""
    if connection.execute("select 1 from pg_roles where rolname = 'reader'").fetchone() is None:
        connection.execute(ROLES.read_bytes())


@pytest.fixture
def shop(postgres_server: PostgresServer, postgres_template: TemplateFactory) -> TestRehearsals:
    """Rehearsals on the corpus's base schema."""
    return TestRehearsals(postgres_server, postgres_template("corpus", build))


@pytest.fixture
def nasty(postgres_server: PostgresServer, postgres_template: TemplateFactory) -> TestRehearsals:
    """Rehearsals on the schema with one of everything."""
    return TestRehearsals(postgres_server, postgres_template("nasty", build_nasty))
