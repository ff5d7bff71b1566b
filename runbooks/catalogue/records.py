"""Where an environment's last known good is kept for people and other tools, beside Opsbot's own database."""

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from runbooks.catalogue.parts import Part, is_variable

_STEP = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_SECRET = re.compile(r"^https?://[^/@]*@")

ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class GitPlace(Part):
    """A file on a branch of a git repository; each record is a commit that is pushed, never by force."""

    repository: str = Field(min_length=1)  # an address, or the variable that holds one with a password in it
    branch: str = Field(default="main", pattern=rf"^{_STEP}(/{_STEP})*$")
    path: str = Field(default="last-known-good.json", pattern=rf"^{_STEP}(/{_STEP})*$")

    @field_validator("repository")
    @classmethod
    def _no_secret(cls, repository: str) -> str:
        if _SECRET.match(repository):
            raise ValueError("an address with a password or a token stands in a variable: name that")
        return repository

    @property
    def variable(self) -> str:
        """The environment variable that holds the address; "" where it stands here."""
        return self.repository if is_variable(self.repository) else ""


class RecordPlace(Part):
    """Where `last-known-good.json` is kept: one of these, or several."""

    file: str | None = None  # a path on Opsbot's own disk
    config_map: ObjectName | None = None  # in the environment's namespace; it must be there, if empty
    git: GitPlace | None = None  # a file in a repository

    @model_validator(mode="after")
    def _some_place(self) -> Self:
        if not (self.file or self.config_map or self.git):
            raise ValueError("name at least one: `file: PATH`, `config-map: NAME` or `git:` with its `repository`")
        return self


def _as_file(value: object) -> object:
    """A path alone means the file."""
    return {"file": value} if isinstance(value, str) else value


Records = Annotated[RecordPlace, BeforeValidator(_as_file, json_schema_input_type=str | RecordPlace)]
