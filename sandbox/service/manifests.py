"""The sample service's Kubernetes objects, as its owners would apply them.

The probes and the grace are short, so that a demo is.
"""

from typing import Any

Object = dict[str, Any]

NAME = "solvereign-api"
IMAGE = "registry.example/solvereign-api"
CONFIG = "solvereign-env"
SECRET = "solvereign-database"
NAMESPACES = ("solvereign-production", "solvereign-staging")
LABELS = {"app": NAME}
_DATABASE = {"name": SECRET, "key": "url"}
_PORT = 8000  # what the container says; the node gives each pod a port of its own


def namespace(name: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config_map(namespace: str, data: dict[str, str] | None = None) -> Object:
    """The service's settings that are no secrets."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG, "namespace": namespace},
        "data": data or {"REGION": "eu-central", "LOG_LEVEL": "info"},
    }


def secret(namespace: str, database_url: str) -> Object:
    """Where the service's database is."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": namespace},
        "stringData": {"url": database_url},
    }


def deployment(namespace: str, *, version: str, replicas: int = 3, name: str = NAME) -> Object:
    """A Deployment of the service at a version; without its Secret and ConfigMap it runs on no database."""
    labels = {"app": name}
    pod = {"terminationGracePeriodSeconds": 2, "containers": [container(version)]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def everything(namespace_name: str, *, version: str, database_url: str, replicas: int = 3) -> list[Object]:
    """All objects of the service in one namespace, in the order to create them."""
    return [
        namespace(namespace_name),
        config_map(namespace_name),
        secret(namespace_name, database_url),
        deployment(namespace_name, version=version, replicas=replicas),
    ]


def container(version: str) -> Object:
    """The one container of a pod: the image's own entry point, with probes every second."""
    return {
        "name": "api",
        "image": f"{IMAGE}:{version}",
        "ports": [{"name": "http", "containerPort": _PORT}],
        "env": [{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {**_DATABASE, "optional": True}}}],
        "envFrom": [{"configMapRef": {"name": CONFIG, "optional": True}}],
        "readinessProbe": _probe("/health/ready", failures=2),
        "livenessProbe": _probe("/health/live", failures=3),
    }


def _probe(path: str, *, failures: int) -> Object:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": 1,
        "timeoutSeconds": 1,
        "failureThreshold": failures,
    }
