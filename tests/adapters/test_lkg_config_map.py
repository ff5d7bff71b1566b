"""The record in a ConfigMap of a real cluster, with the rights that `deploy/kubernetes` gives."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.config_maps import KEY, ConfigMap, KubernetesConfigMaps
from runbooks.releases.lkg_file import NotKept, lkg_json
from runbooks.vocabulary import Unreachable
from sandbox.cluster.control_plane import ControlPlane
from tests.engine.world import known_good

pytestmark = pytest.mark.cluster
NAME = "solvereign-api-last-known-good"
V1, V2 = lkg_json(known_good("v1")), lkg_json(known_good("v2"))


@pytest.fixture
async def config_maps(control_plane: ControlPlane) -> AsyncIterator[KubernetesConfigMaps]:
    """As the bot's narrow user."""
    async with Clusters({"main": Address(control_plane.opsbot_kubeconfig)}) as clusters:
        yield KubernetesConfigMaps(clusters)


@pytest.fixture
def place(namespace: str) -> ConfigMap:
    """The ConfigMap that ships, empty."""
    return ConfigMap("main", namespace, NAME)


def stands(control_plane: ControlPlane, place: ConfigMap) -> dict[str, object]:
    found: dict[str, object] = control_plane.kubectl.json("get", "configmap", place.name, "-n", place.namespace)
    return found


async def test_the_record_is_written_under_its_key(
    control_plane: ControlPlane, config_maps: KubernetesConfigMaps, place: ConfigMap
) -> None:
    for text in (V1, V2):
        await config_maps.write(place, text)
        assert stands(control_plane, place)["data"] == {KEY: text}


async def test_what_stands_there_is_left_alone_and_so_are_other_keys(
    control_plane: ControlPlane, config_maps: KubernetesConfigMaps, place: ConfigMap
) -> None:
    patch = json.dumps({"data": {"note": "somebody's"}})
    control_plane.kubectl("patch", "configmap", NAME, "-n", place.namespace, "--type=merge", f"--patch={patch}")
    await config_maps.write(place, V1)
    before = stands(control_plane, place)
    await config_maps.write(place, V1)
    await config_maps.try_write(place)
    assert stands(control_plane, place) == before
    assert before["data"] == {KEY: V1, "note": "somebody's"}


async def test_applying_the_manifests_again_keeps_what_was_written(
    control_plane: ControlPlane, config_maps: KubernetesConfigMaps, place: ConfigMap
) -> None:
    await config_maps.write(place, V1)
    control_plane.grant(place.namespace)
    assert stands(control_plane, place)["data"] == {KEY: V1}


async def test_one_that_is_not_there_is_not_made(config_maps: KubernetesConfigMaps, namespace: str) -> None:
    with pytest.raises(NotKept) as caught:
        await config_maps.write(ConfigMap("main", namespace, "elsewhere"), V1)
    assert caught.value.sentence == (
        f"Namespace {namespace} has no ConfigMap elsewhere. Make it, empty: "
        f"kubectl create configmap elsewhere --namespace {namespace}"
    )


async def test_another_than_the_named_one_may_not_be_written(
    control_plane: ControlPlane, config_maps: KubernetesConfigMaps, namespace: str
) -> None:
    control_plane.kubectl("create", "configmap", "somebody-elses", "-n", namespace)
    other = ConfigMap("main", namespace, "somebody-elses")
    for trying in (config_maps.write(other, V1), config_maps.try_write(other)):
        with pytest.raises(NotKept, match="refused the change of ConfigMap somebody-elses: this bot has no right"):
            await trying


async def test_one_that_is_immutable_says_so(
    control_plane: ControlPlane, config_maps: KubernetesConfigMaps, place: ConfigMap
) -> None:
    control_plane.kubectl("patch", "configmap", NAME, "-n", place.namespace, "--patch", '{"immutable": true}')
    with pytest.raises(NotKept, match="refused the change of ConfigMap"):
        await config_maps.write(place, V1)


async def test_a_cluster_that_is_away_did_not_answer(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = tmp_path_factory.mktemp("nowhere") / "kubeconfig"
    async with Clusters({"main": Address(nowhere)}) as clusters:
        with pytest.raises(Unreachable, match="Kubernetes cluster main"):
            await KubernetesConfigMaps(clusters).write(ConfigMap("main", "prod", NAME), V1)
