"""The bot's Prometheus metrics, in a registry of its own. No label has an open set of values: no run, no person."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

KINDS = ("run", "messages", "audit", "record", "drill")
"""The kinds of work that workers claim."""
ENDS = ("succeeded", "failed", "aborted", "rejected", "expired", "superseded")
"""How a run can end (`runbooks/runs/state.py`)."""
_ACK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5)  # seconds; Slack waits three
_STEP = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)  # seconds; a watch takes half an hour
_SHOWN = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)  # seconds


class Metrics:
    """All of them. Gauges hold what was last looked at: `bot/health.py` looks whenever it is asked."""

    def __init__(self) -> None:
        self.registry = here = CollectorRegistry()
        ProcessCollector(registry=here)
        self.acks = Histogram(
            "opsbot_ack_seconds",
            "From a handler's call to the commit that its acknowledgement waits for.",
            ("command", "outcome"),
            buckets=_ACK,
            registry=here,
        )
        self.steps = Histogram(
            "opsbot_step_seconds",
            "From a step's first intent to its recorded outcome.",
            ("uses", "outcome"),
            buckets=_STEP,
            registry=here,
        )
        self.runs = Counter("opsbot_runs_ended", "Runs that ended.", ("command", "outcome"), registry=here)
        self.lost = Counter("opsbot_leases_lost", "Work dropped as its lease was void.", ("kind",), registry=here)
        self.delivered = Histogram(
            "opsbot_delivery_seconds",
            "From the first change that Slack did not show until it showed all of the stream's.",
            buckets=_SHOWN,
            registry=here,
        )
        self.rate_limited = Counter("opsbot_slack_429", "Calls that Slack answered 429.", ("method",), registry=here)
        self.database_errors = Counter(
            "opsbot_database_errors", "Round trips to the bot's own database that failed.", registry=here
        )
        self.ready = Gauge("opsbot_ready", "Whether this part of it can work now.", ("part",), registry=here)
        self.socket = Gauge(
            "opsbot_slack_socket_age_seconds", "Since when the socket to Slack stands.", registry=here
        )
        self.queue = Gauge("opsbot_queue_length", "Work that is due and at nobody's.", ("kind",), registry=here)
        self.queue_age = Gauge(
            "opsbot_queue_age_seconds", "For how long the oldest of it is due.", ("kind",), registry=here
        )
        self.undelivered = Gauge(
            "opsbot_delivery_lag_seconds",
            "The age of the oldest change that Slack does not show.",
            registry=here,
        )
        self.outdated = Gauge(
            "opsbot_lkg_outdated", "Last-known-good records that are behind, by of what.", ("lag",), registry=here
        )
        for kind in KINDS:
            self.lost.labels(kind)

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)


def set_all(gauge: Gauge, values: Mapping[str, float]) -> None:
    """The gauge has these values by its one label, and no others."""
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)
