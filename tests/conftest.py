"""Fixtures that every test may use; each family stands in its own module."""

from hypothesis import settings

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


def pytest_configure() -> None:
    """No example has to be found within a time: how fast a machine is, no test asserts."""
    settings.register_profile("patient", settings.get_profile("default"), deadline=None)
    settings.load_profile("patient")
