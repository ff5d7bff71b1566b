"""Which rights the bot needs in a cluster, and which it must not have; deploy/kubernetes gives the first alone."""

from collections.abc import Iterable, Iterator

from bot.adapters.kubernetes.rights import Right

Table = tuple[tuple[str, str, tuple[str, ...]], ...]  # group, resource with its subresource, verbs

BY_NAME: Table = (("apps", "deployments", ("get", "watch", "patch")),)
RECORDS: Table = (("", "configmaps", ("patch",)),)
SERVICE: Table = (
    ("apps", "replicasets", ("get", "list", "watch")),
    ("", "pods", ("get", "list", "watch")),
    ("", "events", ("get", "list", "watch")),
    ("", "pods/log", ("get",)),
    ("", "configmaps", ("get",)),
)
JOBS: Table = (
    ("batch", "jobs", ("create", "get", "list", "delete")),
    ("", "pods", ("list",)),
    ("", "events", ("list",)),
    ("", "pods/log", ("get",)),
)
_ANYWHERE: Table = (
    ("", "secrets", ("get", "list", "watch", "create", "update", "patch", "delete")),
    ("", "pods", ("create", "update", "patch", "delete")),
    ("", "pods/exec", ("create", "get")),
    ("", "pods/attach", ("create",)),
    ("", "pods/portforward", ("create",)),
    ("", "pods/ephemeralcontainers", ("update", "patch")),
    ("", "serviceaccounts/token", ("create",)),
    ("apps", "deployments", ("create", "update", "patch", "delete", "deletecollection")),
    ("apps", "deployments/scale", ("update", "patch")),
    ("apps", "replicasets", ("create", "update", "patch", "delete")),
    ("rbac.authorization.k8s.io", "roles", ("create", "update", "patch", "bind", "escalate")),
    ("rbac.authorization.k8s.io", "rolebindings", ("create", "update", "patch")),
)
_NOT_IN_SERVICE: Table = (
    *_ANYWHERE,
    ("batch", "jobs", ("create",)),
    ("", "configmaps", ("list", "create", "update", "patch", "delete")),
)
_CLUSTER: Table = (
    *_ANYWHERE,
    ("*", "*", ("*",)),
    ("", "namespaces", ("create", "delete")),
    ("", "nodes", ("get", "list", "patch")),
    ("", "nodes/proxy", ("get", "create")),
    ("", "users", ("impersonate",)),
    ("", "groups", ("impersonate",)),
    ("", "serviceaccounts", ("impersonate",)),
    ("rbac.authorization.k8s.io", "clusterroles", ("create", "update", "patch", "bind", "escalate")),
    ("rbac.authorization.k8s.io", "clusterrolebindings", ("create", "update", "patch")),
)


EVERYTHING = Right("*", "*", "*")


def needed_by_service(namespace: str, deployments: Iterable[str], records: Iterable[str] = ()) -> list[Right]:
    """Where a service runs; `records` are the ConfigMaps that last known goods are kept in."""
    named = [right for name in deployments for right in _rights(BY_NAME, namespace, name=name)]
    written = [right for name in records for right in _rights(RECORDS, namespace, name=name)]
    return [*named, *_rights(SERVICE, namespace), *written]


def needed_by_jobs(namespace: str) -> list[Right]:
    """Where the bot's Jobs run."""
    return list(_rights(JOBS, namespace))


def forbidden_in_service(namespace: str) -> list[Right]:
    """What it must not have where a service runs; Deployments and ConfigMaps that are not named are meant."""
    return list(_rights(_NOT_IN_SERVICE, namespace))


def forbidden_in_jobs(namespace: str) -> list[Right]:
    """What it must not have where its Jobs run."""
    return list(_rights(_ANYWHERE, namespace))


def forbidden_in_cluster() -> list[Right]:
    """What it must not have in all namespaces, or in none."""
    return list(_rights(_CLUSTER, ""))


def _rights(table: Table, namespace: str, *, name: str = "") -> Iterator[Right]:
    for group, resource, verbs in table:
        for verb in verbs:
            yield Right(verb, resource, group, namespace, name)
