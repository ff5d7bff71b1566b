import json
import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest

from backend_py import build
from backend_py.metrics import Metrics
from backend_py.planner import Planner
from backend_py.server import Server, answer, handler
from backend_py.settings import Settings


@pytest.fixture
def url() -> Iterator[str]:
    metrics = Metrics()
    server = Server(("127.0.0.1", 0), handler(Settings(port=0, database=None), metrics, Planner(metrics)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_says_its_version_over_http(url: str) -> None:
    with urllib.request.urlopen(url + "/version", timeout=5) as response:
        assert json.load(response)["version"] == build.version()


def test_it_is_alive_without_its_database() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        settings = Settings(port=0, database=taken.getsockname())
        assert answer("/health/live", settings)[0] == 200
        assert answer("/health/ready", settings) == (503, {"status": "not ready", "reason": "database unreachable"})


def test_an_unknown_path_is_not_found() -> None:
    assert answer("/nowhere", Settings(port=0, database=None))[0] == 404


def test_it_tells_what_it_answered(url: str) -> None:
    with urllib.request.urlopen(url + "/version", timeout=5):
        pass
    with urllib.request.urlopen(url + "/metrics", timeout=5) as response:
        text = response.read().decode()
    assert 'http_requests_total{status="200"} 1' in text
    assert 'http_request_duration_seconds_bucket{le="+Inf"} 1' in text
    assert 'solvereign_plans_total{outcome="failed"} 0' in text
