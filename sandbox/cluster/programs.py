"""How each part of the control plane is called, small and quick to start."""

from dataclasses import dataclass
from pathlib import Path

_POLICY = Path(__file__).with_name("audit-policy.yaml")


@dataclass(frozen=True)
class Places:
    """Where one control plane keeps its files, and its ports on 127.0.0.1."""

    programs: Path
    folder: Path
    etcd: int
    peers: int
    server: int

    def file(self, name: str) -> str:
        """The path of a file in the folder."""
        return str(self.folder / name)

    def program(self, name: str) -> str:
        """The path of a program."""
        return str(self.programs / name)


def etcd(places: Places, *, durable: bool) -> list[str]:
    """The store of everything; `durable=False` trades safety against power loss for speed."""
    client, peers = f"http://127.0.0.1:{places.etcd}", f"http://127.0.0.1:{places.peers}"
    return [
        places.program("etcd"),
        f"--data-dir={places.file('etcd')}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--log-level=warn",
        *([] if durable else ["--unsafe-no-fsync"]),
    ]


def api_server(places: Places) -> list[str]:
    """The API, with role-based rights and an audit log.

    Without ServiceAccount admission, so that a pod needs no token mounted before it may run.
    """
    key = places.file("tls.key")
    return [
        places.program("kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{places.etcd}",
        f"--secure-port={places.server}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--cert-dir={places.file('certificates')}",
        f"--tls-cert-file={places.file('tls.crt')}",
        f"--tls-private-key-file={key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={places.file('tokens.csv')}",
        "--authorization-mode=RBAC",
        "--anonymous-auth=false",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
        "--kubelet-preferred-address-types=InternalIP",
        f"--audit-policy-file={_POLICY}",
        f"--audit-log-path={places.file('audit.log')}",
        "--profiling=false",
    ]


def controller_manager(places: Places) -> list[str]:
    """What makes ReplicaSets of Deployments, pods of ReplicaSets and Jobs, and clears up."""
    return [
        places.program("kube-controller-manager"),
        f"--kubeconfig={places.file('admin.kubeconfig')}",
        f"--service-account-private-key-file={places.file('tls.key')}",
        "--use-service-account-credentials=false",
        "--kube-api-qps=200",
        "--kube-api-burst=300",
        *_ALONE,
    ]


def scheduler(places: Places) -> list[str]:
    """What gives pods to nodes."""
    return [places.program("kube-scheduler"), f"--kubeconfig={places.file('admin.kubeconfig')}", *_ALONE]


_ALONE = ("--leader-elect=false", "--secure-port=0", "--profiling=false")
