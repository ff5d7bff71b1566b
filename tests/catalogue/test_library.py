"""The library: what ships and the team's own folders, as one."""

import os
import subprocess
from pathlib import Path

import pytest

from bot import library
from runbooks.documents.errors import DocumentError
from tests.documents.reading import KNOWN


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_what_ships() -> None:
    found = library.read([library.shipped()], known=KNOWN)

    assert {"deployment-checklist", "rollback-procedures", "rollback-procedures/planned"} <= set(found.ids)
    assert found.runbook("rollback-procedures").id == "rollback-procedures/emergency"
    assert found.document("rollback-procedures").id == "rollback-procedures"
    assert found.runbook("rollback-procedures/planned").title == "Planned rollback"
    with pytest.raises(KeyError):
        found.runbook("rollback-procedures/other")
    with pytest.raises(KeyError):
        found.runbook("none")


def test_a_teams_folders_are_read_to_their_depth(tmp_path: Path) -> None:
    write(tmp_path / "one.md", "- [ ] a\n")
    write(tmp_path / "stability" / "two.md", "- [ ] b\n")
    write(tmp_path / "README.md", "About these runbooks.\n")
    write(tmp_path / ".git" / "three.md", "Not ours.\n")
    write(tmp_path / "notes.txt", "Not a runbook.\n")

    assert library.read([tmp_path], known=KNOWN).ids == ("one", "two")


def test_faults_of_all_documents_are_told_at_once(tmp_path: Path) -> None:
    one = write(tmp_path / "one.md", "nothing\n")
    two = write(tmp_path / "two.md", "- [ ] a\n```\n")

    with pytest.raises(DocumentError) as caught:
        library.read([tmp_path, tmp_path / "none"], known=KNOWN)

    assert [str(fault).split(";")[0] for fault in caught.value.faults] == [
        f"{tmp_path / 'none'}:1: there is no such folder",
        f"{one}:1: there is nothing to do in this document",
        f"{two}:2: this fence is never closed",
    ]


def test_a_folder_that_can_not_be_read_to_its_depth() -> None:
    with subprocess.Popen(["true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # what is below its folder is listed and gone
        folder = Path(f"/proc/{ended.pid}")

        with pytest.raises(DocumentError) as caught:
            library.read([folder], known=KNOWN)

    assert str(caught.value).startswith(f"{folder}:1: the folder {folder}/")
    assert str(caught.value).endswith(
        "/net below it can't be read: Invalid argument; name a folder that holds runbooks alone"
    )


def test_two_documents_of_one_id(tmp_path: Path) -> None:
    ours = write(tmp_path / "deployment-checklist.md", "- [ ] a\n")

    with pytest.raises(DocumentError) as caught:
        library.read([library.shipped(), tmp_path], known=KNOWN)

    theirs = library.shipped() / "deployment-checklist.md"
    assert str(caught.value) == (
        f"{ours}:1: its id `deployment-checklist` is that of {theirs} too; "
        "give it an `id` of its own in its front matter"
    )


def test_a_document_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        library.read_document(tmp_path / "none.md", known=KNOWN)

    assert "none.md:1: the document can't be read: No such file or directory" in str(caught.value)
