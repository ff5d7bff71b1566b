"""A service whose KPIs are queries of time alone, so that a real Prometheus answers at once for any moment."""

from datetime import datetime
from typing import Any

from runbooks.steps.base import Site
from tests.steps.places import site


def from_then(value: float, after: float, moment: datetime) -> str:
    """PromQL that gives `value`, and `after` from that moment on."""
    return f"vector({value} + {after - value} * (time() > bool {moment.timestamp()}))"


def kpi(query: str, **fields: Any) -> dict[str, Any]:
    """A KPI that may get worse by 0.5 of its unit, over ten seconds."""
    plain = {"title": "error rate", "unit": "%", "direction": "lower-is-better", "tolerance": 0.5, "window": "10s"}
    return {**plain, "query": query, **fields}


def place(source: str | None, *kpis: dict[str, Any], **environment: Any) -> Site:
    """D-107, in an environment that is measured there."""
    watch = {"for": "60s", "every": "10s", "grace": "20s"}
    return site(
        environment={"prometheus": source, "watch": watch, **environment},
        service={"kpis": {f"kpi-{number}": each for number, each in enumerate(kpis)}},
    )
