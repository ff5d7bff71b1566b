"""`opsbot doctor` as people read it: a line for each check, faults by line, no secret."""

from pathlib import Path

from tests.bad_input.test_command_line import catalogue as write_catalogue
from tests.doctor.conftest import Doctor
from tests.doctor.table import NO_DATABASE


def lines(printed: str, beginning: str) -> list[str]:
    return [line for line in printed.split("\n") if line.startswith(beginning)]


async def test_nothing_is_set(doctor: Doctor) -> None:
    code, said = await doctor()
    assert code == 1
    for name in ("OPSBOT_DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        assert f"missing  settings · {name}: it is not set. Mend: set it" in said
    assert "wrong    catalogue · opsbot.yaml:1: the catalogue can't be read" in said


async def test_faults_of_the_catalogue_are_told_by_line_and_hide_nothing_else(doctor: Doctor, tmp_path: Path) -> None:
    path = write_catalogue(tmp_path)
    path.write_text(path.read_text().replace("rollers-back:", "rolers-back:"))
    line = path.read_text().split("\n").index("        rolers-back:") + 1
    code, said = await doctor(OPSBOT_DATABASE_URL=NO_DATABASE, SLACK_BOT_TOKEN="nonsense")
    assert code == 1
    [fault] = lines(said, "wrong    catalogue")
    assert fault.startswith(f"wrong    catalogue · opsbot.yaml:{line}: unknown key `rolers-back`")
    assert fault.endswith("Mend: did you mean `rollers-back`?")
    assert lines(said, "missing  database · server: no database at 127.0.0.1:1/ops")
    assert lines(said, "wrong    slack · bot token: it is no token of a bot")
    assert "made-up-password" not in said
