"""A real Prometheus for the sandbox: found, unpacked or built, and run beside the small world."""

from sandbox.prometheus.program import PrometheusUnavailable, prometheus
from sandbox.prometheus.server import PrometheusServer, Target

__all__ = ["PrometheusServer", "PrometheusUnavailable", "Target", "prometheus"]
