"""A git that fails while a version is looked up: it is not known whether there is such a version."""

import os
import shutil
from pathlib import Path

import pytest

from bot.adapters.source.git import GitSource
from runbooks.steps.source import UnknownVersion
from runbooks.vocabulary import Unreachable
from tests.fixtures.repositories import Repository


@pytest.mark.parametrize("version", ["v41", "v42"])
async def test_a_look_up_that_fails_says_nothing_of_the_version(tmp_path: Path, version: str) -> None:
    repository = Repository(tmp_path / "service")
    repository.commit({"a": "1"}, tag="v41")
    source = GitSource(tmp_path / "state", environment=_failing_to("rev-parse", "cat-file", folder=tmp_path / "bin"))
    with pytest.raises(Unreachable):
        await source.resolve(repository.url, version)


async def test_a_version_that_is_not_there_is_still_told_as_that(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "service")
    repository.commit({"a": "1"}, tag="v41")
    source = GitSource(tmp_path / "state", environment=_failing_to("never", folder=tmp_path / "bin"))
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, "v42")


def _failing_to(*what: str, folder: Path) -> dict[str, str]:
    """An environment whose git fails at these of its commands."""
    folder.mkdir()
    script = folder / "git"
    cases = "|".join(f"*' {name} '*" for name in what)
    fails = "echo 'fatal: out of memory' >&2; exit 128"
    script.write_text(f'#!/bin/sh\ncase "$*" in {cases}) {fails};; esac\nexec {shutil.which("git")} "$@"\n')
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
