"""`opsbot doctor` as it is typed, and the world that it looks at."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot import cli
from sandbox.cluster.control_plane import ControlPlane
from sandbox.postgres import PostgresServer
from sandbox.prometheus import PrometheusServer
from sandbox.slack import LocalSlack, SlackServer
from tests.bad_input.test_command_line import NAMES
from tests.doctor.world import World, whole
from tests.fixtures.postgres import temporary_server

Doctor = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Doctor:
    """Run `opsbot doctor ARGUMENTS` with these variables; exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    for name in {*NAMES, "DATABASE", "MAIN_KUBECONFIG"} & os.environ.keys():
        monkeypatch.delenv(name)

    async def run(*arguments: str, **variables: str) -> tuple[int, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        command = ["doctor", "--timeout", "30", *arguments]
        code = await asyncio.to_thread(cli.main, command)  # it has an event loop of its own
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, printed.out

    return run


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    slack_server: SlackServer,
    control_plane: ControlPlane,
    prometheus_server: PrometheusServer,
) -> AsyncIterator[World]:
    """In which everything holds; started once for a module."""
    slack_server.reset()
    with temporary_server() as rehearsals:
        async with (
            LocalSlack(slack_server) as slack,
            whole(
                tmp_path_factory.mktemp("doctored"),
                postgres=postgres_server,
                rehearsals=rehearsals,
                slack=slack,
                cluster=control_plane,
                prometheus=prometheus_server.url,
            ) as made,
        ):
            yield made
