"""Who may speak to the control plane: the administrator with a random token, and the bot as its ServiceAccount."""

import base64
import secrets
import subprocess
from pathlib import Path

import yaml

ADMIN = "admin"
OPSBOT = "opsbot"
OPSBOT_USER = f"system:serviceaccount:opsbot:{OPSBOT}"
"""The ServiceAccount that deploy/kubernetes makes, as the API server names it."""
_ADMINISTRATORS = "system:masters"
_OWNER_ONLY = 0o600


def make_identities(folder: Path, *, programs: Path) -> None:
    """The key pair and the tokens of a new control plane; those of one that was here before are kept."""
    pair, tokens = (folder / "tls.crt", folder / "tls.key"), folder / "tokens.csv"
    if not pair[0].exists():
        subprocess.run([programs / "key-pair", *pair], check=True, capture_output=True)
    if not tokens.exists():
        _write(tokens, f"{secrets.token_urlsafe(32)},{ADMIN},{ADMIN},{_ADMINISTRATORS}\n")


def admin_token(folder: Path) -> str:
    """The administrator's."""
    return (folder / "tokens.csv").read_text().partition(",")[0]


def write_kubeconfig(path: Path, *, token: str, server: str) -> None:
    """A kubeconfig for the user that it is named after; the certificate beside it is trusted."""
    certificate = base64.b64encode((path.parent / "tls.crt").read_bytes()).decode()
    _write(path, _kubeconfig(path.stem, token, server=server, certificate=certificate))


def token_of(kubeconfig: Path) -> str:
    """The token in a kubeconfig written here."""
    token: str = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]
    return token


def _kubeconfig(user: str, token: str, *, server: str, certificate: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "sandbox", "cluster": {"server": server, "certificate-authority-data": certificate}}
            ],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": user, "context": {"cluster": "sandbox", "user": user}}],
            "current-context": user,
        },
        sort_keys=False,
    )


def _write(path: Path, text: str) -> None:
    path.touch(_OWNER_ONLY)
    path.write_text(text)
