"""Who may speak to the control plane: the administrator, and the bot's narrow user; each with a random token."""

import base64
import secrets
import subprocess
from pathlib import Path

import yaml

ADMIN = "admin"
OPSBOT = "opsbot"
_ADMINISTRATORS = "system:masters"
_OWNER_ONLY = 0o600


def make_identities(folder: Path, *, programs: Path) -> None:
    """The key pair and the tokens of a new control plane; those of one that was here before are kept."""
    pair, tokens = (folder / "tls.crt", folder / "tls.key"), folder / "tokens.csv"
    if not pair[0].exists():
        subprocess.run([programs / "key-pair", *pair], check=True, capture_output=True)
    if not tokens.exists():
        _write(
            tokens,
            f"{secrets.token_urlsafe(32)},{ADMIN},{ADMIN},{_ADMINISTRATORS}\n"
            f"{secrets.token_urlsafe(32)},{OPSBOT},{OPSBOT}\n",
        )


def write_kubeconfigs(folder: Path, *, server: str) -> None:
    """A kubeconfig for each user, named after it."""
    certificate = base64.b64encode((folder / "tls.crt").read_bytes()).decode()
    for line in (folder / "tokens.csv").read_text().splitlines():
        token, user, *_ = line.split(",")
        _write(folder / f"{user}.kubeconfig", _kubeconfig(user, token, server=server, certificate=certificate))


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
