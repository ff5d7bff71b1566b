"""Slack as the doctor sees it, where the table of breakages does not say it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.slack.client import web_client
from bot.adapters.slack.inspection import SlackInspection
from bot.doctor.finding import Finding
from bot.doctor.people import PeopleChecks
from bot.doctor.scopes import SCOPES
from runbooks.catalogue import Catalogue
from sandbox.slack import LocalSlack
from sandbox.slack.faults import Fault, Kind
from tests.doctor.reading import faults, found, only_fault
from tests.engine.world import CATALOGUE


async def look(slack: LocalSlack) -> list[Finding]:
    """One channel of a catalogue."""
    services: dict[str, Any] = yaml.safe_load(yaml.safe_dump(CATALOGUE["services"]))
    services["api"]["environments"]["production"]["channels"] = {"deploys": slack.channels["incidents"]}
    about = Catalogue.model_validate({**CATALOGUE, "services": services})
    checks = PeopleChecks(SlackInspection(web_client(token=slack.bot_token, api_url=slack.api_url))).checks(about)
    return await found(check for check in checks if "channel" in check.subject.check)


@pytest.mark.slack
async def test_authors_are_looked_for_in_one_list_of_all_people(local_slack: LocalSlack) -> None:
    client = web_client(token=local_slack.bot_token, api_url=local_slack.api_url)
    people = {"sam@api.example": "U0SAM", "alex@api.example": "U0ALEX", "gone@api.example": "U0GONE"}
    checks = PeopleChecks(SlackInspection(client)).checks(Catalogue.model_validate({**CATALOGUE, "people": people}))
    [fault] = faults(await found(check for check in checks if check.subject.check == "people"))
    assert fault.says == "Slack has no active U0GONE, so these authors are never told"
    assert len(local_slack.journal.calls("users.list")) == 1


def test_the_scopes_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES, "write it into bot/doctor/scopes.py too"


@pytest.mark.slack
async def test_a_private_channel_that_only_its_history_shows(local_slack: LocalSlack) -> None:
    def is_incidents(args: Mapping[str, Any]) -> bool:
        return args.get("channel") == local_slack.channels["incidents"]

    hidden = Fault("conversations.info", Kind.ERROR, error="missing_scope", match=is_incidents, times=2)
    local_slack.proxy.inject(hidden)
    assert faults(await look(local_slack)) == []
    closed = Fault("conversations.history", Kind.ERROR, error="channel_not_found", match=is_incidents)
    local_slack.proxy.inject(closed)
    assert only_fault(await look(local_slack)).check == "channel C0INCIDENTS"
