"""Where Prometheus comes from, and that it asks its targets."""

import asyncio
import json
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from aiohttp import web

from sandbox.prometheus import PrometheusServer, PrometheusUnavailable, Target, program, prometheus
from sandbox.waiting import until


def ask(server: PrometheusServer, query: str) -> list[dict]:
    address = f"{server.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 # our own server
        return json.load(answer)["data"]["result"]


async def test_it_asks_its_targets_which_may_change(prometheus_server: PrometheusServer) -> None:
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text="plans_total 7\n")

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    async def seen() -> list[dict]:
        return await asyncio.to_thread(ask, prometheus_server, 'plans_total{pod="one"}')

    async def gone() -> list[bool]:
        return [] if await seen() else [True]

    try:
        prometheus_server.scrape([Target(runner.addresses[0][1], (("pod", "one"),))])
        (found,) = await until(seen, seconds=20, what="the target's series")
        assert found["value"][1] == "7"
        prometheus_server.scrape([])
        await until(gone, seconds=20, what="that the series is stale")
    finally:
        prometheus_server.scrape([])
        await runner.cleanup()


def test_it_keeps_its_data_and_its_port_over_a_restart(tmp_path: Path, prometheus_server: PrometheusServer) -> None:
    with PrometheusServer(tmp_path / "again") as server:
        before = server.url
        server.stop()
        server.start()
        assert server.url == before
        assert ask(server, "vector(1)")[0]["value"][1] == "1"


def test_the_one_on_the_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "prometheus"
    here.write_text("#!/bin/sh\n")
    here.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert prometheus() == here


def test_where_none_can_be_kept_it_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file, so nothing can be kept here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrometheusUnavailable, match="no Prometheus on the path, and none can be kept"):
        prometheus()


def test_the_module_needs_no_newer_go_than_the_wheel_brings() -> None:
    requirement = (Path(__file__).parents[2] / "requirements" / "go.txt").read_text()
    module = (Path(program.__file__).parent / "go.mod").read_text()
    brought = tuple(map(int, requirement.split()[0].partition("==")[2].split(".")))
    needed = next(line.split()[1] for line in module.splitlines() if line.startswith("go "))
    assert tuple(map(int, needed.split("."))) <= brought
