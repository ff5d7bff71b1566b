"""Slack as the doctor sees it: fine, and broken in each way that it can tell."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from bot.adapters.slack.client import web_client
from bot.adapters.slack.inspection import SlackInspection
from bot.doctor.finding import Finding, Verdict
from bot.doctor.scopes import SCOPES
from bot.doctor.slack import SlackChecks
from bot.settings import Settings
from runbooks.catalogue import Catalogue
from sandbox.slack import LocalSlack
from sandbox.slack.faults import Fault, Kind
from tests.doctor.reading import faults, found, only_fault
from tests.engine.world import CATALOGUE

pytestmark = pytest.mark.slack


@pytest.fixture(autouse=True)
def granted(local_slack: LocalSlack) -> None:
    """The token has what is looked for; that this is what the manifest asks for is a test of its own."""
    local_slack.proxy.scopes = tuple(SCOPES)


def catalogue(
    slack: LocalSlack,
    *,
    group: Mapping[str, Any] | None = None,
    stakeholders: Mapping[str, Any] | None = None,
    **channels: str,
) -> Catalogue:
    """Groups and channels of the workspace, but for these."""
    services: dict[str, Any] = yaml.safe_load(yaml.safe_dump(CATALOGUE["services"]))
    place = services["api"]["environments"]["production"]
    place["channels"] = {"deploys": slack.channels["deploys"], "s2": slack.channels["incidents"], **channels}
    place["stakeholders"] = dict(stakeholders or {})
    groups = {name: {"slack": identity} for name, identity in slack.groups.items()}
    if group is not None:
        groups["sre"] = dict(group)
    return Catalogue.model_validate({**CATALOGUE, "services": services, "groups": groups})


async def look(slack: LocalSlack, about: Catalogue | None = None, **changes: Any) -> list[Finding]:
    """All of Slack, with these settings instead."""
    usual = {"slack_bot_token": SecretStr(slack.bot_token), "slack_app_token": SecretStr(slack.app_token)}
    ahead = changes.pop("ahead", timedelta())
    settings = Settings().model_copy(update={**usual, **changes})
    client = web_client(token=settings.slack_bot_token.get_secret_value(), api_url=slack.api_url)
    checks = SlackChecks(settings, SlackInspection(client), lambda: datetime.now(UTC) + ahead)
    return await found(checks.checks(about or catalogue(slack)))


async def test_all_is_well(local_slack: LocalSlack) -> None:
    findings = await look(local_slack)
    assert faults(findings) == []
    assert {each.check for each in findings} >= {"bot token", "app token", "scopes", "clock", "group sre"}
    assert "channel C0DEPLOYS" in {each.check for each in findings}


def test_the_scopes_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES, "write it into bot/doctor/scopes.py too"


@pytest.mark.parametrize(
    ("token", "says"), [("xoxb-another", "invalid_auth"), ("xapp-mixed-up", "no token of a bot")]
)
async def test_a_bot_token_that_is_none(local_slack: LocalSlack, token: str, says: str) -> None:
    fault = only_fault(await look(local_slack, slack_bot_token=SecretStr(token)))
    assert (fault.check, fault.verdict) == ("bot token", Verdict.WRONG)
    assert says in fault.says
    assert "more checks wait" in fault.says
    assert "SLACK_BOT_TOKEN" in fault.mend


@pytest.mark.parametrize(
    ("token", "says"), [("xapp-another", "invalid_auth"), ("xoxb-mixed-up", "no token of an app")]
)
async def test_an_app_token_that_is_none(local_slack: LocalSlack, token: str, says: str) -> None:
    fault = only_fault(await look(local_slack, slack_app_token=SecretStr(token)))
    assert (fault.check, fault.verdict) == ("app token", Verdict.WRONG)
    assert says in fault.says
    assert "connections:write" in fault.mend


async def test_scopes_that_are_missing_and_that_are_too_many(local_slack: LocalSlack) -> None:
    local_slack.proxy.scopes = tuple(SCOPES - {"usergroups:read"})
    fault = only_fault(await look(local_slack))
    assert (fault.check, fault.verdict) == ("scopes", Verdict.MISSING)
    assert fault.says == "the bot's token lacks usergroups:read"
    local_slack.proxy.scopes = (*SCOPES, "admin.users:write")
    fault = only_fault(await look(local_slack))
    assert (fault.check, fault.verdict) == ("scopes", Verdict.WRONG)
    assert fault.says.endswith("more than it needs: admin.users:write")
    assert "slack-manifest.yaml" in fault.mend


@pytest.mark.parametrize(("ahead", "word"), [(timedelta(minutes=5), "ahead of"), (timedelta(minutes=-5), "behind")])
async def test_a_clock_that_is_wrong(local_slack: LocalSlack, ahead: timedelta, word: str) -> None:
    fault = only_fault(await look(local_slack, ahead=ahead))
    assert (fault.check, fault.verdict) == ("clock", Verdict.WRONG)
    assert word in fault.says
    assert "NTP" in fault.mend


async def test_a_channel_that_is_not_there(local_slack: LocalSlack) -> None:
    fault = only_fault(await look(local_slack, catalogue(local_slack, s3="C0GONE", s4="C0GONE")))
    assert (fault.check, fault.verdict) == ("channel C0GONE", Verdict.MISSING)
    assert "services.api.environments.production.channels.s3" in fault.mend
    assert "/invite" in fault.mend


async def test_a_channel_that_is_archived(local_slack: LocalSlack) -> None:
    client = web_client(token=local_slack.bot_token, api_url=local_slack.api_url)
    await client.conversations_archive(channel=local_slack.channels["incidents"])
    fault = only_fault(await look(local_slack))
    assert (fault.check, fault.verdict) == ("channel C0INCIDENTS", Verdict.WRONG)
    assert "unarchive" in fault.mend


async def test_a_private_channel_that_only_its_history_shows(local_slack: LocalSlack) -> None:
    def is_incidents(args: Mapping[str, Any]) -> bool:
        return args.get("channel") == local_slack.channels["incidents"]

    hidden = Fault("conversations.info", Kind.ERROR, error="missing_scope", match=is_incidents, times=2)
    local_slack.proxy.inject(hidden)
    assert faults(await look(local_slack)) == []
    closed = Fault("conversations.history", Kind.ERROR, error="channel_not_found", match=is_incidents)
    local_slack.proxy.inject(closed)
    assert only_fault(await look(local_slack)).check == "channel C0INCIDENTS"


async def test_an_empty_group_and_one_that_is_not_there(local_slack: LocalSlack) -> None:
    local_slack.set_group("developers", [])
    fault = only_fault(await look(local_slack))
    assert (fault.check, fault.verdict) == ("group developers", Verdict.WRONG)
    assert "denies everybody" in fault.says
    local_slack.set_group("developers", ["riley"])
    fault = only_fault(await look(local_slack, catalogue(local_slack, group={"slack": "S0GONE"})))
    assert (fault.check, fault.verdict) == ("group sre", Verdict.MISSING)
    assert "no_such_subteam" in fault.says


async def test_a_list_of_people(local_slack: LocalSlack) -> None:
    assert faults(await look(local_slack, catalogue(local_slack, group={"members": ["U0RILEY"]}))) == []
    fault = only_fault(await look(local_slack, catalogue(local_slack, group={"members": ["U0RILEY", "U0GONE"]})))
    assert fault.says == "Slack has no active U0GONE"
    fault = only_fault(await look(local_slack, catalogue(local_slack, group={"members": []})))
    assert "denies everybody" in fault.says


async def test_stakeholders(local_slack: LocalSlack) -> None:
    told = {"people": ["U0SAM", "U0GONE"], "channels": ["C0GENERAL"]}
    findings = await look(local_slack, catalogue(local_slack, stakeholders=told))
    assert "channel C0GENERAL" in {each.check for each in findings}
    fault = only_fault(findings)
    assert (fault.check, fault.says) == ("stakeholders of api production", "Slack has no active U0GONE")
    gone = {"channels": ["C0GONE"]}
    fault = only_fault(await look(local_slack, catalogue(local_slack, stakeholders=gone)))
    assert "services.api.environments.production.stakeholders.channels names it" in fault.says


async def test_slack_is_away(local_slack: LocalSlack) -> None:
    about = catalogue(local_slack)
    async with local_slack.outage():
        found = faults(await look(local_slack, about))
    assert [(each.check, each.verdict) for each in found] == [
        ("bot token", Verdict.MISSING),
        ("app token", Verdict.MISSING),
    ]
    assert all("SLACK_API_URL" in each.mend for each in found)
