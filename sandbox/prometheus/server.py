"""Runs Prometheus: it asks its targets every second, and what those are may change while it runs."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.cluster.processes import Process, free_port
from sandbox.prometheus.program import prometheus
from sandbox.served import Served

_CONFIGURATION = """\
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: sandbox
    file_sd_configs: [{files: [targets.json], refresh_interval: 1s}]
"""
_START_SECONDS = 30.0
_READY = 200


class PrometheusFailed(Exception):
    """It did not start; the text says why, with its last words."""


@dataclass(frozen=True)
class Target:
    """What is asked for its `/metrics`: a port of this machine, and the labels its series get."""

    port: int
    labels: tuple[tuple[str, str], ...] = ()

    def described(self) -> dict[str, object]:
        """As Prometheus reads it."""
        return {"targets": [f"127.0.0.1:{self.port}"], "labels": dict(self.labels)}


@dataclass
class PrometheusServer(Served):
    """One server on 127.0.0.1, its data in `folder`; `stop` and `start` by hand for outages."""

    folder: Path
    port: int = 0  # 0: a free one, kept over restarts
    _process: Process | None = field(default=None, init=False)
    _targets: frozenset[Target] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; returns once it answers. Raises PrometheusUnavailable, PrometheusFailed."""
        program = prometheus()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        configuration = self.folder / "prometheus.yml"
        configuration.write_text(_CONFIGURATION)
        self.scrape(self._targets or ())
        options = {
            "config.file": configuration,
            "storage.tsdb.path": self.folder / "data",
            "storage.tsdb.retention.time": "1d",
            "web.listen-address": f"127.0.0.1:{self.port}",
            "log.level": "warn",
        }
        command = [str(program), *(f"--{name}={value}" for name, value in options.items())]
        self._process = Process(command, self.folder / "prometheus.log")
        self._wait_until_it_answers(self._process)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
        self._process = None

    def scrape(self, targets: Collection[Target]) -> None:
        """Ask these from now on; may be called at any time, and often."""
        wanted, file = frozenset(targets), self.folder / "targets.json"
        if wanted == self._targets and file.exists():
            return
        new = file.with_suffix(".new")
        new.write_text(json.dumps([target.described() for target in sorted(wanted, key=lambda t: t.port)]))
        new.rename(file)
        self._targets = wanted

    def _wait_until_it_answers(self, process: Process) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            process.check()
            if time.monotonic() > deadline:
                self.stop()
                raise PrometheusFailed(f"Prometheus does not answer:\n{process.last_words()}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=1) as answer:  # noqa: S310 # our own address
                return bool(answer.status == _READY)
        except (urllib.error.URLError, OSError):
            return False
