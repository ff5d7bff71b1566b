"""`deploy/kubernetes`: what it says of the bot is what the bot is. That a cluster takes it, tests/sandbox tests."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import health, library, slack_http
from bot.adapters.kubernetes.policies import RULES
from bot.catalogue_file import CatalogueFile, load
from bot.kinds import known
from bot.settings import Settings
from sandbox.cluster.identities import OPSBOT_USER
from tests.deploy.dockerfile import ROOT, stages

FOLDER = ROOT / "deploy" / "kubernetes"
FIELDS = {str(field.validation_alias): name for name, field in Settings.model_fields.items()}


def objects(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


@pytest.fixture
def pod() -> dict[str, Any]:
    """The bot's pod."""
    [deployment] = [one for one in objects("base/bot.yaml") if one["kind"] == "Deployment"]
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return found


@pytest.fixture
def serving(pod: dict[str, Any]) -> dict[str, Any]:
    """The container that serves."""
    [container] = pod["containers"]
    return dict(container)


@pytest.fixture
def variables(serving: dict[str, Any]) -> dict[str, str]:
    """What its environment says outright."""
    return {one["name"]: one["value"] for one in serving["env"]}


def catalogue() -> CatalogueFile:
    return load(FOLDER / "opsbot.yaml")


def test_every_file_is_applied() -> None:
    [kustomization] = objects("kustomization.yaml")
    [generated] = kustomization["configMapGenerator"]
    named = {*kustomization["resources"], *generated["files"], "kustomization.yaml"}
    assert named == {path.name for path in FOLDER.iterdir()} - {"http"}
    [base] = objects("base/kustomization.yaml")
    assert {*base["resources"], "kustomization.yaml"} == {path.name for path in (FOLDER / "base").iterdir()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [image] = kustomization["images"]
    assert image == {"name": "registry.example/opsbot", "newTag": project["version"]}


def test_slack_is_led_to_the_port_that_takes_its_requests(pod: dict[str, Any]) -> None:
    [component] = objects("http/kustomization.yaml")
    applied = {"kustomization.yaml", *component["resources"], *(one["path"] for one in component["patches"])}
    assert applied == {path.name for path in (FOLDER / "http").iterdir()}
    [container] = objects("http/port.yaml")[0]["spec"]["template"]["spec"]["containers"]
    [port], [variable] = container["ports"], container["env"]
    assert container["name"] == pod["containers"][0]["name"]
    assert variable == {"name": "OPSBOT_SLACK_PORT", "value": str(port["containerPort"])}
    service, ingress, policy = (one["spec"] for one in objects("http/way-in.yaml"))
    assert [one["targetPort"] for one in service["ports"]] == [port["name"]]
    [rule] = ingress["rules"]
    [path] = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == (slack_http.PATH, "Exact")
    assert path["backend"]["service"]["port"]["name"] == service["ports"][0]["name"]
    labels = objects("base/bot.yaml")[0]["spec"]["selector"]["matchLabels"]
    assert service["selector"] == policy["podSelector"]["matchLabels"] == labels
    allowed = {one["port"] for rule in policy["ingress"] for one in rule["ports"]}
    assert allowed == {port["name"], *(one["name"] for one in pod["containers"][0]["ports"])}


def test_nothing_of_it_is_root(pod: dict[str, Any]) -> None:
    [user] = [step.rest for step in stages()[-1] if step.word == "USER"]
    context = pod["securityContext"]
    assert (context["runAsNonRoot"], str(context["runAsUser"])) == (True, user)
    for container in (*pod["initContainers"], *pod["containers"]):
        own = container["securityContext"]
        assert (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"]) == (False, True)
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert not own.keys() & {"runAsUser", "privileged"}


def test_it_is_asked_for_its_health_where_it_answers(serving: dict[str, Any], variables: dict[str, str]) -> None:
    [port] = serving["ports"]
    assert str(port["containerPort"]) == variables["OPSBOT_HEALTH_PORT"]
    asked = {name: serving[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert asked == {
        "startup": {"path": health.LIVE, "port": port["name"]},
        "liveness": {"path": health.LIVE, "port": port["name"]},
        "readiness": {"path": health.READY, "port": port["name"]},
    }


def test_the_start_is_given_the_time_that_it_may_wait(serving: dict[str, Any]) -> None:
    probe = serving["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] > Settings.model_fields["start_seconds"].default
    assert serving["livenessProbe"]["timeoutSeconds"] > health.PATIENCE


def test_every_variable_is_one_that_is_read(variables: dict[str, str]) -> None:
    assert set(variables) <= set(FIELDS)
    said = (FOLDER / "base" / "bot.yaml").read_text().partition("apiVersion")[0]
    secret = set(re.findall(r"--from-literal=([A-Z_]+)=", said))
    needed = {"OPSBOT_DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OPSBOT_OWNER_DATABASE_URL"}
    assert secret == needed | set(catalogue().variables)


def test_only_the_migration_is_given_the_owner(pod: dict[str, Any]) -> None:
    given = {
        container["args"][0]: [one["secretRef"]["name"] for one in container["envFrom"]]
        for container in (*pod["initContainers"], *pod["containers"])
    }
    assert given == {"migrate": ["opsbot-owner", "opsbot"], "serve": ["opsbot"]}


def test_what_it_reads_and_writes_is_mounted(
    pod: dict[str, Any], serving: dict[str, Any], variables: dict[str, str]
) -> None:
    mounts = {one["mountPath"]: one for one in serving["volumeMounts"]}
    file, state = Path(variables["OPSBOT_CATALOGUE"]), variables["OPSBOT_STATE_FOLDER"]
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert volumes[mounts[str(file.parent)]["name"]]["configMap"] == {"name": "opsbot-catalogue"}
    runbooks = volumes[mounts[str(file.parent / "runbooks")]["name"]]["configMap"]
    assert runbooks == {"name": "opsbot-runbooks", "optional": True}, "not every team has its own"
    assert file.name in objects("kustomization.yaml")[0]["configMapGenerator"][0]["files"]
    assert "emptyDir" in volumes[mounts[state]["name"]]
    assert {one["name"] for one in mounts.values()} == set(volumes)


def test_its_catalogue_fits_the_library() -> None:
    found = catalogue()
    found.check(library.read([library.shipped(), *found.folders], known=known()))


def policies() -> list[dict[str, Any]]:
    return [one for one in objects("base/policies.yaml") if one["kind"] == "ValidatingAdmissionPolicy"]


def test_every_policy_is_about_the_bots_user_and_is_bound() -> None:
    found = objects("base/policies.yaml")
    bound = [one["spec"]["policyName"] for one in found if one["kind"].endswith("Binding")]
    assert sorted(bound) == sorted(one["metadata"]["name"] for one in policies())
    for one in policies():
        [condition] = one["spec"]["matchConditions"]
        assert condition["expression"] == f"request.userInfo.username == '{OPSBOT_USER}'"


def test_what_a_person_reads_of_a_rule_is_of_a_rule_that_there_is() -> None:
    said = " ".join(rule.get("message", "") for one in policies() for rule in one["spec"]["validations"])
    assert [sign for sign in RULES if sign not in " ".join(said.split())] == []


def test_the_limits_name_what_the_catalogue_beside_them_names() -> None:
    [limits] = objects("limits.yaml")
    services = objects("opsbot.yaml")[0]["services"].values()
    assert limits["data"]["images"].split() == [service["image"] for service in services]
