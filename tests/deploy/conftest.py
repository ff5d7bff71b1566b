"""The namespace that the policies are tried in, and who tries."""

import json
from collections.abc import Iterator

import pytest

from runbooks.steps.kubernetes.deployments import EPOCH
from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.identities import OPSBOT_USER, admin_token, token_of
from sandbox.service import manifests
from tests.deploy import forbidden
from tests.deploy.asking import Ask, asking
from tests.deploy.forbidden import NAMESPACE, STANDS


@pytest.fixture(scope="session")
def place(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """A namespace in which the bot may work, with a Deployment that it has changed before and much else."""
    kubectl = control_plane.kubectl
    control_plane.grant(NAMESPACE)
    deployment = manifests.deployment(NAMESPACE, version="v41", replicas=0)
    deployment["metadata"]["annotations"] = {EPOCH: str(STANDS), "team.example/owner": "somebody"}
    kept = {"name": forbidden.SECRET, "namespace": NAMESPACE}
    pod = {"containers": [{"name": "api", "image": "registry.example/other:v1"}]}
    labels = {"app": "other"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    objects = [
        deployment,
        manifests.config_map(NAMESPACE),
        manifests.secret(NAMESPACE, "postgresql://made-up.example/none"),
        {"apiVersion": "v1", "kind": "Secret", "metadata": kept},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": forbidden.POD, "namespace": NAMESPACE}, "spec": pod},
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": forbidden.REPLICA_SET, "namespace": NAMESPACE},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
        },
    ]
    kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    yield control_plane
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="session")
def bot(place: ControlPlane) -> Iterator[Ask]:
    """The ServiceAccount, by its token."""
    with asking(place, token_of(place.opsbot_kubeconfig)) as ask:
        yield ask


@pytest.fixture(scope="session")
def almighty(place: ControlPlane) -> Iterator[Ask]:
    """The same user with every right there is: only policies are left to refuse it."""
    headers = {"Impersonate-User": OPSBOT_USER, "Impersonate-Group": "system:masters"}
    with asking(place, admin_token(place.folder), **headers) as ask:
        yield ask


@pytest.fixture(scope="session")
def admin(place: ControlPlane) -> Iterator[Ask]:
    """Somebody else."""
    with asking(place, admin_token(place.folder)) as ask:
        yield ask
