"""`opsbot doctor` as it is typed: what is written is checked by line, its exit code tells, no secret is printed."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import cli
from sandbox.cluster.control_plane import ControlPlane
from sandbox.service import manifests
from sandbox.slack import LocalSlack
from tests.bad_input.test_command_line import NAMES
from tests.bad_input.test_command_line import catalogue as write_catalogue
from tests.fixtures.postgres import temporary_server
from tests.fixtures.repositories import Repository
from tests.fixtures.store import StoreDatabase

Doctor = Callable[..., Awaitable[tuple[int, str]]]
NOWHERE = "postgresql://opsbot:made-up-password@127.0.0.1:1/ops"


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Doctor:
    """Run `opsbot doctor ARGUMENTS` with these variables; exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    for name in {*NAMES, "DATABASE", "MAIN_KUBECONFIG"} & os.environ.keys():
        monkeypatch.delenv(name)

    async def run(*arguments: str, **variables: str) -> tuple[int, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = await asyncio.to_thread(
            cli.main, ["doctor", "--timeout", "30", *arguments]
        )  # it has an event loop of its own
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, printed.out

    return run


def lines(printed: str, beginning: str) -> list[str]:
    return [line for line in printed.split("\n") if line.startswith(beginning)]


async def test_nothing_is_set(doctor: Doctor) -> None:
    code, said = await doctor()
    assert code == 1
    for name in ("OPSBOT_DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        assert f"missing  settings · {name}: it is not set. Mend: set it" in said
    assert "wrong    catalogue · opsbot.yaml:1: the catalogue can't be read" in said


async def test_a_setting_that_can_not_be_used(doctor: Doctor) -> None:
    code, said = await doctor(OPSBOT_HEALTH_PORT="high")
    assert code == 1
    assert said.startswith(
        "wrong    settings · OPSBOT_HEALTH_PORT: it can't be used: input should be a valid integer"
    )
    assert ".env.example" in said
    assert said.endswith("1 of 1 checks does not hold.\n")


async def test_faults_of_the_catalogue_are_told_by_line_and_hide_nothing_else(doctor: Doctor, tmp_path: Path) -> None:
    path = write_catalogue(tmp_path)
    path.write_text(path.read_text().replace("rollers-back:", "rolers-back:"))
    line = path.read_text().split("\n").index("        rolers-back:") + 1
    code, said = await doctor(OPSBOT_DATABASE_URL=NOWHERE, SLACK_BOT_TOKEN="nonsense")
    assert code == 1
    [fault] = lines(said, "wrong    catalogue")
    assert fault.startswith(f"wrong    catalogue · opsbot.yaml:{line}: unknown key `rolers-back`")
    assert fault.endswith("Mend: did you mean `rollers-back`?")
    assert lines(said, "missing  database · server: no database at 127.0.0.1:1/ops")
    assert lines(said, "wrong    slack · bot token: it is no token of a bot")
    assert "made-up-password" not in said


async def test_faults_of_runbooks_are_told_by_line(doctor: Doctor, tmp_path: Path) -> None:
    write_catalogue(tmp_path)
    (tmp_path / "shelf" / "deploy.md").write_text("# Two\n\n- [ ] Run\n  ```step\n  uses: anounce\n  ```\n")
    code, said = await doctor()
    assert code == 1
    assert "wrong    runbooks · shelf/deploy.md:5: there is no step `anounce`. Mend: did you mean `announce`?" in said


async def test_a_variable_that_nobody_set(doctor: Doctor, tmp_path: Path) -> None:
    write_catalogue(tmp_path, clusters={"main": {"kubeconfig": "MAIN_KUBECONFIG"}})
    code, said = await doctor()
    assert code == 1
    assert lines(said, "missing  settings · MAIN_KUBECONFIG: it is not set; opsbot.yaml:")
    assert lines(said, "missing  cluster main · api: MAIN_KUBECONFIG is not set")


async def test_json_for_machines(doctor: Doctor, tmp_path: Path) -> None:
    write_catalogue(tmp_path)
    code, said = await doctor("--json", OPSBOT_DATABASE_URL=NOWHERE)
    told = json.loads(said)
    assert (code, told["holds"]) == (1, False)
    [server] = [each for each in told["checks"] if (each["part"], each["check"]) == ("database", "server")]
    assert server["verdict"] == "missing"
    assert "OPSBOT_DATABASE_URL" in server["mend"]
    assert "made-up-password" not in said


@pytest.mark.cluster
@pytest.mark.slack
async def test_each_part_that_stops_is_named_and_the_rest_is_fine(  # the whole world
    doctor: Doctor,
    store_database: StoreDatabase,
    local_slack: LocalSlack,
    control_plane: ControlPlane,
    namespace: str,
    tmp_path: Path,
) -> None:
    variables = _world(store_database, local_slack, control_plane, namespace, tmp_path)
    code, said = await doctor(**variables)
    assert (code, faulty(said)) == (0, []), said
    assert said.endswith("checks hold.\n")

    with temporary_server() as server:
        stopped = server.url("ops")
    code, said = await doctor(**{**variables, "OPSBOT_DATABASE_URL": stopped})
    assert (code, faulty(said)) == (1, ["database · server"])

    async with local_slack.outage():
        code, said = await doctor(**variables)
    assert (code, faulty(said)) == (1, ["slack · bot token", "slack · app token"])

    kubeconfig = yaml.safe_load(control_plane.opsbot_kubeconfig.read_text())
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "stopped").write_text(yaml.safe_dump(kubeconfig))
    code, said = await doctor(**{**variables, "MAIN_KUBECONFIG": str(tmp_path / "stopped")})
    assert (code, faulty(said)) == (1, ["cluster main · api"])
    for secret in (local_slack.bot_token, local_slack.app_token):
        assert secret not in said


def faulty(printed: str) -> list[str]:
    """The parts and checks that do not hold."""
    return [line[9:].split(":")[0] for line in lines(printed, "wrong") + lines(printed, "missing")]


def _world(
    store: StoreDatabase, slack: LocalSlack, cluster: ControlPlane, namespace: str, folder: Path
) -> dict[str, str]:
    """A catalogue of real parts, and the environment of a bot on them."""
    deployment = json.dumps(manifests.deployment(namespace, version="v41", replicas=0))
    cluster.kubectl("create", "-f", "-", stdin=deployment)
    place: dict[str, Any] = {
        "cluster": "main",
        "namespace": namespace,
        "channels": {"deploys": slack.channels["deploys"]},
        "approval": {"group": "sre"},
        "last-known-good": str(folder / "lkg.json"),
    }
    repository = Repository(folder / "source")
    repository.commit({"README.md": "# A service\n"})
    service = {
        "image": manifests.IMAGE,
        "source": {"repository": repository.url},
        "workloads": [{"deployment": manifests.NAME, "containers": ["api"]}],
        "commands": {name: {"run": ["true"]} for name in ("tests", "smoke")},
        "default-environment": "production",
        "environments": {"production": place},
    }
    found = {
        "groups": {name: {"slack": identity} for name, identity in slack.groups.items()},
        "clusters": {"main": {"kubeconfig": "MAIN_KUBECONFIG"}},
        "services": {manifests.NAME: service},
    }
    (folder / "opsbot.yaml").write_text(yaml.safe_dump(found))
    return {
        "OPSBOT_DATABASE_URL": store.url,
        "OPSBOT_STATE_FOLDER": str(folder / "var"),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "MAIN_KUBECONFIG": str(cluster.opsbot_kubeconfig),
    }
