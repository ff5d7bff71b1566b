"""Settings: what the environment says, what it lacks, and what of it is secret."""

import os
import re
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError

EXAMPLE = Path(__file__).parents[1] / ".env.example"
NAMES = [str(field.validation_alias) for field in Settings.model_fields.values()]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without any setting or secret."""
    for name in list(os.environ):
        if name in NAMES or re.search("TOKEN|SECRET|PASSW|KEY|CREDENTIAL", name.upper()) or "://" in os.environ[name]:
            monkeypatch.delenv(name)


def sentences(*needs: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(*needs)
    return str(caught.value).split("\n")


def test_nothing_is_needed_by_everybody() -> None:
    settings = Settings.load()

    assert settings.slack_api_url == "https://slack.com/api/"
    assert (settings.catalogue, settings.state_folder) == (Path("opsbot.yaml"), Path("var"))
    assert (settings.log_level, settings.health_port) == ("INFO", 0)
    assert not settings.embedded


def test_what_is_set_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_DATABASE_URL", "postgresql://opsbot@db.example/opsbot")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:1234/api")
    monkeypatch.setenv("OPSBOT_HEALTH_PORT", "8080")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")

    settings = Settings.load("database_url", "slack_api_url")

    assert settings.database_url.get_secret_value() == "postgresql://opsbot@db.example/opsbot"
    assert settings.slack_api_url == "http://127.0.0.1:1234/api/"
    assert settings.health_port == 8080
    assert not settings.slack_bot_token.get_secret_value()


def test_embedded_is_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_DATABASE_URL", "embedded")

    settings = Settings.load("database_url")

    assert settings.embedded
    assert settings.secrets() == []


def test_each_variable_that_lacks_gets_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-made-up")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")

    assert sentences("database_url", "slack_bot_token", "slack_app_token") == [
        "OPSBOT_DATABASE_URL is not set; .env.example says what it is for.",
        "SLACK_BOT_TOKEN is not set; .env.example says what it is for.",
    ]


def test_one_way_in_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    either = "slack_app_token|slack_signing_secret"
    assert sentences(either) == ["SLACK_APP_TOKEN is not set; .env.example says what it is for."]
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "made-up")
    assert not Settings.load(either).slack_app_token.get_secret_value()


def test_a_value_that_can_not_be_used_is_told_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_HEALTH_PORT", "99999999")
    monkeypatch.setenv("OPSBOT_LOG_LEVEL", "LOUD")
    monkeypatch.setenv("SLACK_API_URL", "slack.example")

    assert sentences() == [
        "SLACK_API_URL can't be used: string should match pattern '^https?://\\S+$'.",
        "OPSBOT_LOG_LEVEL can't be used: input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'.",
        "OPSBOT_HEALTH_PORT can't be used: input should be less than or equal to 65535.",
    ]


def test_variables_that_the_catalogue_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODUCTION_KUBECONFIG", "/etc/opsbot/kubeconfig")
    settings = Settings.load()

    assert settings.named("PRODUCTION_KUBECONFIG") == "/etc/opsbot/kubeconfig"
    settings.need_named({"PRODUCTION_KUBECONFIG": "opsbot.yaml:3"})
    with pytest.raises(SettingsError, match=r"^STAGING_DATABASE_URL is not set; the catalogue names it\.$"):
        settings.named("STAGING_DATABASE_URL")
    with pytest.raises(SettingsError) as caught:
        settings.need_named(
            {"PRODUCTION_KUBECONFIG": "opsbot.yaml:3", "A_URL": "opsbot.yaml:7", "B": "opsbot.yaml:9"}
        )
    assert str(caught.value) == (
        "A_URL is not set; it is named in opsbot.yaml:7.\nB is not set; it is named in opsbot.yaml:9."
    )


def test_secrets_are_those_of_the_settings_and_what_looks_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {
        "SLACK_BOT_TOKEN": "xoxb-made-up",
        "WEBHOOK_SIGNING_SECRET": "made-up-signing",
        "STAGING_DATABASE_URL": "postgresql://solvereign:made-up@db.example/solvereign",
        "GITHUB_TOKEN": "made-up-token",
        "db_password": "made-up-password",
        "SMTP_API_KEY": "made-up-key",
        "SMTP_PASS": "made-up-pass",
        "REPLICA_PWD": "made-up-pwd",
        "RAILS_MASTER_KEY": "made-up-master",
        "LEDGER_DATABASE": "host=db.example user=bot password=made-up-words dbname=app",
        "API_REPOSITORY": "https://made-up-of-a-token@git.example/app.git",
    }
    harmless = {
        "SLACK_API_URL": "https://slack.com/api/",
        "OPSBOT_CATALOGUE": "opsbot.yaml",
        "PROXY_URL": "http://proxy.example:3128",
        "TOKEN_FILE": "/var/run/token",
        "BROKEN_URL": "http://[",
        "KEYBOARD": "qwerty",
        "PWD": "/app",
        "OLDPWD": "/",
        "COMPASS": "north-by-north",
        "SSH_REPOSITORY": "ssh://git@git.example/app.git",
        "READER_URL": "postgresql://reader@db.example/app",
    }
    for name, value in (secret | harmless).items():
        monkeypatch.setenv(name, value)

    assert Settings.load().secrets() == sorted(secret.values())


def test_nothing_secret_is_in_what_is_printed_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_DATABASE_URL", "postgresql://opsbot:made-up-password@db.example/opsbot")

    assert "made-up-password" not in f"{Settings.load()!r} {Settings.load()}"


def test_the_example_has_every_setting_with_its_explanation() -> None:
    blocks = [block.split("\n") for block in EXAMPLE.read_text().strip().split("\n\n")]
    explained = {
        line.partition("=")[0]: line.partition("=")[2]
        for block in blocks
        for line in block
        if not line.startswith("#") and block[0].startswith("# ")
    }

    assert list(explained) == NAMES


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in EXAMPLE.read_text().split("\n") if line and not line.startswith("#")]
    before = Settings.load()

    for line in lines:
        monkeypatch.setenv(*line.split("=", 1))

    assert Settings.load() == before
    assert all(
        re.fullmatch(r"[A-Z_]+=\S*", line) for line in lines
    )  # as a shell and as a container's env-file read it
