"""Fixtures that every test may use; each family stands in its own module."""

pytest_plugins = [
    "tests.fixtures.summary",
    "tests.fixtures.postgres",
    "tests.fixtures.store",
    "tests.fixtures.small_world",
    "tests.fixtures.slack",
    "tests.fixtures.schemas",
    "tests.fixtures.cluster",
    "tests.fixtures.node",
    "tests.fixtures.prometheus",
    "tests.fixtures.world",
]
