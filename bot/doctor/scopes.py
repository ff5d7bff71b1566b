"""The scopes of the bot's token: those of deploy/slack-manifest.yaml, which is not installed with the program."""

SCOPES = frozenset(
    {
        "channels:history",
        "channels:manage",
        "channels:read",
        "chat:write",
        "commands",
        "files:write",
        "groups:history",
        "im:history",
        "im:write",
        "pins:write",
        "usergroups:read",
        "users:read",
    }
)
