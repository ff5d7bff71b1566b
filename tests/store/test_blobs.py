"""Blobs are kept and found by their digest."""

import hashlib

import psycopg
import pytest

from bot.adapters.postgres.store import PostgresStore
from tests.fixtures.store import StoreDatabase

DATA = bytes(range(256)) * 1000


async def test_a_blob_is_kept_under_its_digest(store: PostgresStore) -> None:
    digest = await store.put(DATA)
    assert digest == hashlib.sha256(DATA).hexdigest()
    assert await store.put(DATA) == digest
    assert await store.get(digest) == DATA


async def test_no_such_blob(store: PostgresStore) -> None:
    with pytest.raises(KeyError, match="0123"):
        await store.get("0123")


def test_the_database_refuses_a_wrong_digest(store_database: StoreDatabase) -> None:
    with psycopg.connect(store_database.url) as connection, pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute("insert into blobs values (%s, %s)", ("0" * 64, DATA))
    assert refused.value.diag.constraint_name == "blobs_digest_is_of_data"
