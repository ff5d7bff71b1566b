"""A git repository of a test's own, and the source that reads it."""

import os
from pathlib import Path

import pytest

from bot.adapters.source.git import GitSource
from tests.fixtures.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "service")


@pytest.fixture
def source(tmp_path: Path) -> GitSource:
    return GitSource(tmp_path / "state", environment=os.environ)
