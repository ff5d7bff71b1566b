"""The Slack app is granted what the bot uses."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.slack_http import PATH

ROOT = Path(__file__).parent.parent
SCOPES = {  # of the methods that a bot like this may use, as docs.slack.dev/reference/methods has them
    "apps.connections.open": set(),  # with the app's token, whose connections:write no manifest grants
    "auth.test": set(),
    "bookmarks.add": {"bookmarks:write"},
    "chat.getPermalink": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.archive": {"channels:manage"},
    "conversations.create": {"channels:manage"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.info": {"channels:read"},
    "conversations.invite": {"channels:manage"},
    "conversations.list": {"channels:read"},
    "conversations.open": {"im:write"},
    "conversations.replies": {"channels:history", "groups:history"},
    "conversations.setPurpose": {"channels:manage"},
    "conversations.setTopic": {"channels:manage"},
    "files.upload_v2": {"files:write"},
    "pins.add": {"pins:write"},
    "pins.remove": {"pins:write"},
    "usergroups.list": {"usergroups:read"},
    "usergroups.users.list": {"usergroups:read"},
    "users.info": {"users:read"},
    "users.list": {"users:read"},
    "views.open": set(),
    "views.publish": set(),
    "views.push": set(),
    "views.update": set(),
}
CALL = re.compile(
    r"client\.((?:apps|auth|bookmarks|chat|conversations|files|pins|reactions|usergroups|users|views)_\w+)\("
)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "slack-manifest.yaml").read_text())
    return loaded


def used() -> set[str]:
    """The Web API methods that the product calls, by slack_sdk's names."""
    return {name for file in (ROOT / "bot").rglob("*.py") for name in CALL.findall(file.read_text())}


def scopes_of_used() -> dict[str, set[str]]:
    """The scopes that each method needs which the product calls."""
    scopes = {method.replace(".", "_"): needed for method, needed in SCOPES.items()}
    assert used() - set(scopes) == set(), "methods whose scopes this test does not know"
    return {name: scopes[name] for name in used()}


def test_every_method_that_is_called_is_allowed(manifest: dict[str, Any]) -> None:
    granted = set(manifest["oauth_config"]["scopes"]["bot"])
    needed = scopes_of_used()
    assert needed, "the product calls Slack"
    assert {name: scopes - granted for name, scopes in needed.items() if scopes - granted} == {}


def test_nothing_is_allowed_that_no_method_needs(manifest: dict[str, Any]) -> None:
    of_commands = {"commands"}  # no method's: it lets the app have slash commands
    needed = set().union(*scopes_of_used().values())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) - of_commands - needed == set()


def test_it_is_an_app_for_socket_mode_with_its_commands(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["settings"]["interactivity"]["is_enabled"]
    commands = [command["command"] for command in manifest["features"]["slash_commands"]]
    assert commands == ["/deploy", "/rollback", "/drill", "/onboard", "/incident", "/ops", "/lkg", "/audit"]
    assert "commands" in manifest["oauth_config"]["scopes"]["bot"]


def test_its_home_is_on_and_it_hears_of_every_event_that_is_listened_for(manifest: dict[str, Any]) -> None:
    listened = {
        name
        for file in (ROOT / "commands").rglob("*.py")
        for name in re.findall(r"@app\.event\(\"(\w+)\"\)", file.read_text())
    }
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == listened == {"app_home_opened"}
    assert manifest["features"]["app_home"]["home_tab_enabled"]


def test_its_texts_have_the_sizes_that_slack_takes(manifest: dict[str, Any]) -> None:
    told = manifest["display_information"]
    assert len(told["description"]) <= 140
    assert 174 <= len(told["long_description"]) <= 4000
    assert all(len(each["description"]) <= 2000 for each in manifest["features"]["slash_commands"])
    assert all(len(each["usage_hint"]) <= 1000 for each in manifest["features"]["slash_commands"])


def test_it_can_be_made_one_for_http_as_the_documentation_says(tmp_path: Path) -> None:
    told = (ROOT / "docs" / "operating.md").read_text().partition("## Without a socket")[2]
    script = told.partition("```bash\n")[2].partition("```")[0].replace("> slack-manifest-http.yaml", "")
    made = yaml.safe_load(subprocess.run(["bash", "-euc", script], cwd=ROOT, check=True, capture_output=True).stdout)
    url = f"https://opsbot.example{PATH}"
    assert not made["settings"]["socket_mode_enabled"]
    assert {each["url"] for each in made["features"]["slash_commands"]} == {url}
    assert [made["settings"][each]["request_url"] for each in ("event_subscriptions", "interactivity")] == [url, url]
