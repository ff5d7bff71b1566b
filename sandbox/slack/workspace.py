"""The made-up workspace of the sandbox: who is in it, which channels and user groups it has, the app's tokens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """A person of the workspace; `name` is what they are called in tests, `real_name` what Slack shows."""

    id: str
    name: str
    real_name: str


@dataclass(frozen=True)
class Channel:
    """A channel; everybody and the bot are in it."""

    id: str
    name: str
    is_private: bool = False


@dataclass(frozen=True)
class Group:
    """A user group, mentioned as `<!subteam^ID>`."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...]  # names, not ids


@dataclass(frozen=True)
class Workspace:
    """Everything the local Slack is started with."""

    name: str
    domain: str
    team_id: str
    members: tuple[Member, ...]
    channels: tuple[Channel, ...]
    groups: tuple[Group, ...]
    app_id: str = "A0OPSBOT"
    bot_user_id: str = "U0OPSBOT"
    bot_name: str = "opsbot"
    bot_token: str = "xoxb-made-up-for-the-sandbox"
    app_token: str = "xapp-made-up-for-the-sandbox"
    signing_secret: str = "made-up-for-the-sandbox"

    @property
    def users(self) -> Mapping[str, str]:
        """Ids of the people by name."""
        return {member.name: member.id for member in self.members}

    @property
    def channel_ids(self) -> Mapping[str, str]:
        """Ids of the channels by name, without the #."""
        return {channel.name: channel.id for channel in self.channels}

    @property
    def group_ids(self) -> Mapping[str, str]:
        """Ids of the user groups by handle."""
        return {group.handle: group.id for group in self.groups}

    def configuration(self) -> str:
        """The same in the local Slack's own format."""
        everybody = [*self.users.values(), self.bot_user_id]
        return json.dumps(
            {
                "workspace": {"name": self.name, "domain": self.domain, "teamId": self.team_id},
                "app": {
                    "appId": self.app_id,
                    "botUserId": self.bot_user_id,
                    "botName": self.bot_name,
                    "botToken": self.bot_token,
                    "appToken": self.app_token,
                    "signingSecret": self.signing_secret,
                },
                "users": [{"id": m.id, "name": m.name, "real_name": m.real_name} for m in self.members],
                "channels": [
                    {"id": c.id, "name": c.name, "is_private": c.is_private, "members": everybody}
                    for c in self.channels
                ],
            }
        )


def sandbox_workspace() -> Workspace:
    """The workspace that the demo and the tests share."""
    return Workspace(
        name="Example Harbour",
        domain="example-harbour",
        team_id="T0HARBOUR",
        members=(
            Member("U0RILEY", "riley", "Riley Requester"),
            Member("U0ALEX", "alex", "Alex Approver"),
            Member("U0CASEY", "casey", "Casey Commander"),
            Member("U0SAM", "sam", "Sam Stakeholder"),
            Member("U0OLIVE", "olive", "Olive Outsider"),
        ),
        channels=(
            Channel("C0DEPLOYS", "deploys"),
            Channel("C0INCIDENTS", "incidents"),
            Channel("C0OPS", "ops"),
            Channel("C0GENERAL", "general"),
        ),
        groups=(
            Group("S0SRE", "sre", "Site reliability", ("riley", "alex", "casey")),
            Group("S0DEVELOPERS", "developers", "Developers", ("riley", "alex")),
            Group("S0STAKEHOLDERS", "stakeholders", "Stakeholders", ("sam",)),
        ),
    )
