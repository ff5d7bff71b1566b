"""Where the local Slack's program comes from."""

import tarfile
from pathlib import Path

import pytest

from sandbox.slack import SlackUnavailable
from sandbox.slack.binary import unpack


def test_another_package_than_the_known_one_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "local-slack"
    program.write_text("something else")
    with tarfile.open(tmp_path / "package.tgz", "w:gz") as package:
        package.add(program, "package/bin/local-slack")
    with pytest.raises(SlackUnavailable, match="SHA-512"):
        unpack(tmp_path / "package.tgz", tmp_path / "unpacked")
    assert not (tmp_path / "unpacked").exists()
