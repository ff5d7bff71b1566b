"""The scopes that the bot's token has in the sandbox: those that the app's manifest asks for."""

from pathlib import Path

import yaml

_MANIFEST = Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml"


def shipped_scopes() -> tuple[str, ...]:
    """Of `deploy/slack-manifest.yaml`."""
    return tuple(yaml.safe_load(_MANIFEST.read_text())["oauth_config"]["scopes"]["bot"])
