"""What this process counts, as Prometheus reads it."""

import threading
from collections import Counter

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)  # seconds


class Metrics:
    """Counts requests with their time, and plans."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[int] = Counter()
        self._plans: Counter[str] = Counter({"made": 0, "failed": 0})
        self._within: Counter[float] = Counter()
        self._seconds = 0.0

    def request(self, status: int, seconds: float) -> None:
        """A request was answered."""
        with self._lock:
            self._requests[status] += 1
            self._seconds += seconds
            self._within.update(bound for bound in BUCKETS if seconds <= bound)

    def plan(self, *, made: bool) -> None:
        """A plan was tried."""
        with self._lock:
            self._plans["made" if made else "failed"] += 1

    def text(self) -> str:
        """All of it, in Prometheus' text format."""
        with self._lock:
            total = sum(self._requests.values())
            name = "http_request_duration_seconds"
            lines = [
                "# TYPE http_requests_total counter",
                *(f'http_requests_total{{status="{status}"}} {n}' for status, n in sorted(self._requests.items())),
                f"# TYPE {name} histogram",
                *(f'{name}_bucket{{le="{bound:g}"}} {self._within[bound]}' for bound in BUCKETS),
                f'{name}_bucket{{le="+Inf"}} {total}',
                f"{name}_sum {self._seconds:.6f}",
                f"{name}_count {total}",
                "# HELP solvereign_plans_total Shift plans tried, by what came of them.",
                "# TYPE solvereign_plans_total counter",
                *(f'solvereign_plans_total{{outcome="{outcome}"}} {n}' for outcome, n in sorted(self._plans.items())),
            ]
        return "\n".join(lines) + "\n"
