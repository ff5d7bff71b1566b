"""The HTTP server: health, version, metrics, and a graceful end on SIGTERM."""

import json
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from backend_py import build
from backend_py.health import unready
from backend_py.metrics import Metrics
from backend_py.planner import Planner
from backend_py.settings import Settings


def answer(path: str, settings: Settings) -> tuple[int, dict[str, str]]:
    """Status and body of a GET."""
    if path == "/health/live":
        return 200, {"status": "alive"}
    if path == "/health/ready":
        reason = unready(settings)
        return (503, {"status": "not ready", "reason": reason}) if reason else (200, {"status": "ready"})
    if path == "/version":
        return 200, {"version": build.version(), "commit": build.commit()}
    return 404, {"error": "not found"}


def planned(path: str, planner: Planner) -> tuple[int, dict[str, int | str]]:
    """Status and body of a POST: `/plans/NUMBER` plans that many shifts ahead, 10,000 at most."""
    number = path.removeprefix("/plans/")
    if number == path or not number.isdecimal() or len(number) > 5 or int(number) > 10_000:
        return 404, {"error": "not found"}
    return 200, {"made": planner.make(int(number))}


def handler(settings: Settings, metrics: Metrics, planner: Planner) -> type[BaseHTTPRequestHandler]:
    """The handler of one server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            began, path = time.monotonic(), self.path.partition("?")[0]
            if path == "/metrics":
                self._send(200, metrics.text(), "text/plain; version=0.0.4")
                return
            status, body = answer(path, settings)
            metrics.request(status, time.monotonic() - began)  # who has the answer finds it counted
            self._send(status, json.dumps(body) + "\n", "application/json")

        def do_POST(self) -> None:
            began = time.monotonic()
            status, body = planned(self.path, planner)
            metrics.request(status, time.monotonic() - began)
            self._send(status, json.dumps(body) + "\n", "application/json")

        def _send(self, status: int, text: str, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            if not self.path.startswith(("/health/", "/metrics")):
                super().log_request(code, size)

    return Handler


class Server(ThreadingHTTPServer):
    """Finishes the requests it has begun before it closes."""

    daemon_threads = False
    request_queue_size = 128
    timeout = 0
    waiting = True

    def drain(self) -> None:
        """Answer those who had connected before it stopped listening."""
        while self.waiting:
            self.handle_request()

    def handle_timeout(self) -> None:
        self.waiting = False


def serve(settings: Settings) -> None:
    """Serve until SIGTERM."""
    metrics = Metrics()
    planner = Planner(metrics)
    server = Server(("127.0.0.1", settings.port), handler(settings, metrics, planner))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    port = server.server_address[1]
    print(f"solvereign-api {build.version()} ({build.commit()[:7]}) listens on port {port}", flush=True)
    planner.start()
    server.serve_forever(poll_interval=0.05)
    planner.stop()
    server.drain()
    server.server_close()
    print("solvereign-api stopped", flush=True)
