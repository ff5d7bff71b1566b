"""`deploy/monitoring`: dashboard and alerts ask for what the bot tells, and Prometheus itself takes them."""

import json
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot.telemetry.metrics import Metrics
from sandbox.prometheus import PrometheusServer, prometheus
from tests.deploy.dockerfile import ROOT

FOLDER = ROOT / "deploy" / "monitoring"
RULES, DASHBOARD = FOLDER / "opsbot.rules.yaml", FOLDER / "dashboard.json"
SCRAPED = {"instance", "job", "le"}  # what Prometheus and its histograms add


def alerts() -> list[dict]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def drawn() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def series() -> dict[str, set[str]]:
    """Every series' name that the registry can tell, with its labels."""
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
    metrics = Metrics()
    own = {m._name: set(m._labelnames) for m in vars(metrics).values() if hasattr(m, "_labelnames")}
    return {
        family.name + suffix: own.get(family.name, set())
        for family in metrics.registry.collect()
        for suffix in suffixes[family.type]
    }


@pytest.mark.parametrize("expression", [*drawn(), *(rule["expr"] for rule in alerts())])
def test_what_is_asked_for_exists_with_its_labels(expression: str) -> None:
    known = series()
    named = set(re.findall(r"\b(?:opsbot|process)_\w+", expression))
    assert named
    assert named <= set(known)
    labels = re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression)
    labels += [label for group in re.findall(r"(?:by|on) \(([^)]*)\)", expression) for label in group.split(", ")]
    assert set(labels) <= SCRAPED.union(*(known[name] for name in named))


def test_all_that_the_bot_tells_is_drawn() -> None:
    told = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in series() if name.startswith("opsbot_")}
    assert {name for name in told if not any(name in expression for expression in drawn())} == set()


def test_every_alert_says_what_to_do_and_the_operators_page_names_it() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    for rule in alerts():
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]
        assert rule["annotations"]["description"].endswith("."), rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert f"`{rule['alert']}`" in page


@pytest.mark.parametrize("expression", list(drawn()))
def test_prometheus_understands_what_is_drawn(expression: str, prometheus_server: PrometheusServer) -> None:
    asked = expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
    address = f"{prometheus_server.url}/api/v1/query?{urllib.parse.urlencode({'query': asked})}"
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 # our own server
        assert json.load(answer)["status"] == "success"


def test_prometheus_takes_the_rules_and_each_fires_when_it_should(
    prometheus_server: PrometheusServer, tmp_path: Path
) -> None:
    tool = prometheus().with_name("promtool")  # `prometheus_server`: the test is skipped where there is none
    if not tool.exists():
        pytest.skip("this Prometheus came without its promtool")
    played = tmp_path / "alerts.yaml"
    played.write_text((ROOT / "tests/deploy/alerts.yaml").read_text().replace("RULES", str(RULES)))
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(played)]):
        done = subprocess.run([tool, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    tried = set(re.findall(r"alertname=\"(\w+)\"", played.read_text()))
    assert tried == {rule["alert"] for rule in alerts()}
