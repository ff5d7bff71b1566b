"""A cluster of one's own: the catalogue names the variable, the variable the kubeconfig, and the bot works there."""

import json
from pathlib import Path

import pytest
import yaml

from bot.catalogue_file import load
from bot.settings import Settings, SettingsError
from bot.wiring import read_configuration, services
from runbooks.steps.kubernetes.workloads import Ref
from runbooks.vocabulary import Unreachable
from sandbox.cluster.control_plane import ControlPlane
from sandbox.service import manifests
from tests.fixtures.store import StoreDatabase

pytestmark = pytest.mark.cluster
EXAMPLE = Path(__file__).parents[2] / "deploy" / "opsbot.example.yaml"
NAMED, CONTEXT = "    kubeconfig: PRODUCTION_KUBECONFIG", "opsbot@production"


@pytest.fixture
def settings(tmp_path: Path, store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The example's catalogue, with all that it names set to something, but no kubeconfig yet."""
    for variable in load(EXAMPLE).variables:
        if not variable.endswith("_KUBECONFIG"):
            monkeypatch.setenv(variable, "postgresql://made-up.example/none")
    monkeypatch.setenv("OPSBOT_CATALOGUE", str(EXAMPLE))
    monkeypatch.setenv("OPSBOT_DATABASE_URL", store_database.url)
    monkeypatch.setenv("OPSBOT_STATE_FOLDER", str(tmp_path / "state"))
    return Settings.load()


def two_contexts(plane: ControlPlane, folder: Path) -> Path:
    """A person's kubeconfig: the current context is somewhere else, the named one is the cluster."""
    config = yaml.safe_load(plane.opsbot_kubeconfig.read_text())
    config["contexts"] = [
        {"name": CONTEXT, "context": config["contexts"][0]["context"]},
        {"name": "other", "context": {"cluster": "other", "user": config["users"][0]["name"]}},
    ]
    config["clusters"].append({"name": "other", "cluster": {"server": "https://127.0.0.1:9"}})
    config["current-context"] = "other"
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


async def read(settings: Settings, namespace: str) -> str:
    """The name of the service's Deployment, as the wired bot reads it."""
    async with services(settings, read_configuration(settings)) as made:
        found = await made.outside.workloads.read(Ref("production", namespace, manifests.NAME))
    return str(found["metadata"]["name"])


async def test_it_is_reached_by_the_variable_and_the_context(
    control_plane: ControlPlane, namespace: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = json.dumps(manifests.deployment(namespace, version="v41", replicas=0))
    control_plane.kubectl("create", "-f", "-", stdin=deployment)
    monkeypatch.setenv("PRODUCTION_KUBECONFIG", str(two_contexts(control_plane, tmp_path)))
    assert await read(settings, namespace) == manifests.NAME


async def test_a_kubeconfig_that_cant_be_used_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODUCTION_KUBECONFIG", "/nowhere/kubeconfig")
    with pytest.raises(Unreachable, match="kubeconfig can't be used"):
        await read(settings, "any")


def test_a_variable_that_is_not_set_is_told_at_its_line(settings: Settings) -> None:
    with pytest.raises(SettingsError) as caught:
        read_configuration(settings)
    line = settings.catalogue.read_text().split("\n").index(NAMED) + 1
    assert str(caught.value) == f"PRODUCTION_KUBECONFIG is not set; it is named in {settings.catalogue}:{line}."
