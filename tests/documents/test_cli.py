"""`opsbot runbooks check` and `show`: what they print, and how they exit."""

import os
from pathlib import Path
from threading import Thread

import pytest

from bot import runbooks_cli
from bot.library import shipped
from tests.documents.reading import KNOWN


def test_check_of_fine_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.md").write_text("- [ ] a\n")
    (tmp_path / "two.md").write_text("- [ ] a\n- [ ] b\n  ```step\n  uses: announce\n  ```\n- [ ] c\n")

    code = runbooks_cli.check([str(tmp_path), str(tmp_path / "one.md")], known=KNOWN)

    assert code == 0
    assert capsys.readouterr().out.split("\n") == [
        f"{tmp_path}/one.md: fine, 1 item: 0 by Opsbot, 1 by people",
        f"{tmp_path}/two.md: fine, 3 items: 1 by Opsbot, 2 by people",
        f"{tmp_path}/one.md: fine, 1 item: 0 by Opsbot, 1 by people",
        "",
    ]


def test_check_tells_of_a_teams_own_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.md").write_text(
        "- [ ] a\n  ```step\n  uses: announce\n  on-failure: {finding: nobody-told}\n  ```\n"
    )

    assert runbooks_cli.check([str(tmp_path)], known=KNOWN) == 0
    assert capsys.readouterr().out == (
        f"{tmp_path}/a.md: fine, 1 item: 1 by Opsbot, 0 by people; its own finding `nobody-told` is an S3\n"
    )


def test_check_does_not_wait_for_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe.md")

    check = Thread(target=runbooks_cli.check, args=[[str(tmp_path), f"{tmp_path}/pipe.md"]], kwargs={"known": KNOWN})
    check.daemon = True  # where it does wait, nobody ever writes
    check.start()
    check.join(10)

    assert not check.is_alive()
    assert capsys.readouterr().err == 2 * f"{tmp_path}/pipe.md:1: this is no file; name a file that can be read\n"


def test_check_goes_on_after_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.md").write_text("- [ ] a\n  ```step\n  uses: anounce\n  ```\n")
    (tmp_path / "b.md").write_text("- [ ] b\n")

    code = runbooks_cli.check([str(tmp_path)], known=KNOWN)

    printed = capsys.readouterr()
    assert code == 1
    assert printed.err == f"{tmp_path}/a.md:3: there is no step `anounce`; did you mean `announce`?\n"
    assert printed.out == f"{tmp_path}/b.md: fine, 1 item: 0 by Opsbot, 1 by people\n"


def test_check_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runbooks_cli.check([str(tmp_path / "none.md"), str(tmp_path)], known=KNOWN) == 2
    assert capsys.readouterr().err == f"{tmp_path}/none.md: there is no such file or folder\n"

    assert runbooks_cli.check([str(tmp_path)], known=KNOWN) == 1
    assert capsys.readouterr().err == f"{tmp_path}: there is no runbook here; a runbook is a file NAME.md\n"


def test_show_by_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ours.md"
    path.write_text(
        "---\nid: ours\ntitle: Ours\ncommand: ours\nseverity: S2\nreserves: [workloads]\n"
        'parameters: {who: {pattern: "[a-z]+", description: whom it concerns}}\n---\n'
        "# Before\n\nThink.\n\n- [ ] Read\n\n  All of it.\n\n# Do\n\n- [ ] Run it\n  ```step\n  uses: command\n"
        "  command: tests\n  on-failure: {finding: it-failed, then: rollback}\n  ```\n"
        "- [ ] Agree\n  ```step\n  uses: approve\n  ```\n"
    )

    assert runbooks_cli.show(str(path), known=KNOWN) == 0
    assert capsys.readouterr().out == (
        "Ours\n"
        f"ours · S2 · started by /ours · {path}\n"
        "Reserves: workloads\n"
        "Needs who (text, matching [a-z]+): whom it concerns\n"
        "\n"
        "Before\n"
        "  Think.\n"
        "  [ ] Read\n"
        "        a person confirms\n"
        "        All of it.\n"
        "\n"
        "Do\n"
        "  [ ] Run it\n"
        "        Opsbot does command (command: tests) · on failure: raise it-failed, roll back\n"
        "  [ ] Agree\n"
        "        the environment's approvers approve\n"
    )


@pytest.mark.parametrize("name", ["deployment-checklist", "rollback-procedures", "rollback-procedures/planned"])
def test_show_from_the_library(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert runbooks_cli.show(name, known=KNOWN) == 0

    printed = capsys.readouterr().out
    assert f"\n{name} · " in printed
    assert "Opsbot does http.health" in printed


def test_show_of_a_teams_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "move.md").write_text("# Move the office\n- [ ] Pack\n")

    assert runbooks_cli.show("move", known=KNOWN, folders=[tmp_path]) == 0
    assert capsys.readouterr().out.startswith("Move the office\nmove · S3 · started by no command · ")


def test_show_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert runbooks_cli.show("deployment-cheklist", known=KNOWN) == 2
    assert capsys.readouterr().err == (
        "There is no runbook 'deployment-cheklist'; did you mean `deployment-checklist`?\n"
    )


def test_show_of_a_faulty_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.md").write_text("nothing\n")

    assert runbooks_cli.show(str(tmp_path / "bad.md"), known=KNOWN) == 1
    assert runbooks_cli.show("deployment-checklist", known=KNOWN, folders=[tmp_path]) == 1
    assert capsys.readouterr().err.count("bad.md:1: there is nothing to do in this document") == 2


def test_all_that_ships_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert runbooks_cli.check([str(shipped())], known=KNOWN) == 0
    assert capsys.readouterr().err == ""
