"""What the environment says; nothing else reads environment variables. `.env.example` explains each to people."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runbooks.redaction import passwords
from runbooks.vocabulary import within

EMBEDDED = "embedded"

_SECRET = re.compile(
    r"PASSW(OR)?D|PASSPHRASE|_(PASS|PWD)$|SECRET|TOKEN|CREDENTIAL"
    r"|(API|ACCESS|PRIVATE|SIGNING|ENCRYPTION|MASTER|DEPLOY|SSH)_?KEY"
)
_PLACE = re.compile(r"_(FILE|PATH|DIR|FOLDER|NAME|ID)$")  # says where a secret is, not what it is


class SettingsError(Exception):
    """The environment lacks something or says it wrongly; the text is one sentence for each variable, a line each."""


class Settings(BaseSettings):
    """One field per variable. Nothing is required of everybody: each command says what it needs (`load`)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, case_sensitive=True)

    database_url: SecretStr = Field(SecretStr(""), validation_alias="OPSBOT_DATABASE_URL")
    """Where Opsbot keeps its records, under the restricted role; `embedded`: a PostgreSQL of its own."""
    owner_database_url: SecretStr = Field(SecretStr(""), validation_alias="OPSBOT_OWNER_DATABASE_URL")
    """The same database under the role that owns its tables; for `opsbot migrate` alone."""
    slack_bot_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_BOT_TOKEN")
    """Calls Slack's methods: `xoxb-...`."""
    slack_app_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_APP_TOKEN")
    """Opens the socket that commands and clicks come in by: `xapp-...`. Without it they come by signed HTTP."""
    slack_signing_secret: SecretStr = Field(SecretStr(""), validation_alias="SLACK_SIGNING_SECRET")
    """Proves that a request by HTTP is Slack's; where it is not set, no port is opened for them."""
    slack_port: int = Field(3000, validation_alias="OPSBOT_SLACK_PORT", ge=1, le=65535)
    """Where requests by HTTP are taken, where no app token is set."""
    slack_api_url: str = Field("https://slack.com/api/", validation_alias="SLACK_API_URL", pattern=r"^https?://\S+$")
    """Where Slack's methods are; ends in a slash."""
    catalogue: Path = Field(Path("opsbot.yaml"), validation_alias="OPSBOT_CATALOGUE")
    """The catalogue's file."""
    state_folder: Path = Field(Path("var"), validation_alias="OPSBOT_STATE_FOLDER")
    """For mirrors of repositories and the homes of commands. What is lost with it is fetched again."""
    git_author: str = Field(
        "opsbot@opsbot.invalid", validation_alias="OPSBOT_GIT_AUTHOR", pattern=r"^[^<>\s@]+@[^<>\s@]+$"
    )
    """The address that Opsbot commits under, where the catalogue keeps a last known good in a git repository."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", validation_alias="OPSBOT_LOG_LEVEL")
    """The least severe lines that are logged."""
    log_format: Literal["text", "json"] = Field("text", validation_alias="OPSBOT_LOG_FORMAT")
    """Lines for people, or one JSON object a line for machines."""
    health_port: int = Field(0, validation_alias="OPSBOT_HEALTH_PORT", ge=0, le=65535)
    """Where Opsbot answers for its own health and tells its metrics; 0: nowhere."""
    otlp_endpoint: str = Field("", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT", pattern=r"^(https?://\S+)?$")
    """The collector that gets traces, by OTLP over HTTP; "": no traces are made."""
    otlp_headers: SecretStr = Field(SecretStr(""), validation_alias="OTEL_EXPORTER_OTLP_HEADERS")
    """What the collector wants in the header of a request: `name=value`, several with commas between."""
    start_seconds: float = Field(30, validation_alias="OPSBOT_START_SECONDS", ge=1)
    """How long the start waits for the database, in seconds; then the process ends with exit code 1."""
    lease_seconds: float = Field(10, validation_alias="OPSBOT_LEASE_SECONDS", ge=2)
    """How long a process may be silent before another takes over its work, in seconds; the same in all of them."""

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_a_slash(cls, value: str) -> str:
        return value.rstrip("/") + "/"

    @classmethod
    def load(cls, *needs: str) -> Self:
        """The settings, where each field in `needs` is set, of `one|other` either. Raises SettingsError."""
        try:
            settings = cls()
        except ValidationError as cause:
            raise SettingsError(
                "\n".join(f"{e['loc'][0]} can't be used: {_said(e['msg'])}" for e in cause.errors())
            ) from None
        lacking = (each.split("|") for each in needs)
        if faults := [settings._lacks(names[0]) for names in lacking if not any(map(settings._is_set, names))]:
            raise SettingsError("\n".join(faults))
        return settings

    @property
    def embedded(self) -> bool:
        """Whether Opsbot brings its own database."""
        return self.database_url.get_secret_value() == EMBEDDED

    def named(self, variable: str) -> str:
        """A variable that the catalogue names: a database's address, a kubeconfig's path. Raises SettingsError."""
        if value := os.environ.get(variable):
            return value
        raise SettingsError(f"{variable} is not set; the catalogue names it.")

    def need_named(self, variables: Mapping[str, str]) -> None:
        """All of these must be set; each comes with the place that names it. Raises SettingsError."""
        lacking = (name for name in variables if not os.environ.get(name))
        if faults := [f"{name} is not set; it is named in {variables[name]}." for name in lacking]:
            raise SettingsError("\n".join(faults))

    def secrets(self) -> list[str]:
        """What must never be stored or shown: the secret fields, and what looks like a secret in the environment."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        own = [field.get_secret_value() for field in fields if isinstance(field, SecretStr)]
        return sorted({value for value in (*own, *secrets_around()) if value and value != EMBEDDED})

    def _is_set(self, name: str) -> bool:
        value = getattr(self, name)
        return bool(value.get_secret_value()) if isinstance(value, SecretStr) else bool(value)

    def _lacks(self, name: str) -> str:
        return f"{type(self).model_fields[name].validation_alias} is not set; .env.example says what it is for."


def secrets_around() -> list[str]:
    """What looks like a secret in the environment, whether the settings can be read or not."""
    return [value for name, value in os.environ.items() if _is_secret(name, value)]


def _is_secret(name: str, value: str) -> bool:
    looks = _SECRET.search(name.upper()) is not None and _PLACE.search(name.upper()) is None
    return looks or any(passwords(value))


def _said(message: str) -> str:
    return within(message) + "."
