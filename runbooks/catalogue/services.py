"""A service: its image, source, workloads, migrations and commands."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from runbooks.catalogue.environments import Approval, Environment
from runbooks.catalogue.kpis import Kpi
from runbooks.catalogue.parts import Duration, Name, Part, Variable, is_variable
from runbooks.catalogue.proofs import Ci, SmokeCheck


class Workload(Part):
    """A Deployment of the service, and those of its containers that carry the service's image."""

    deployment: Name
    containers: tuple[str, ...] = Field(min_length=1)


class Tag(StrEnum):
    """What the tag of the service's image is."""

    VERSION = "version"
    COMMIT = "commit"
    SHORT_COMMIT = "short-commit"


class Runner(StrEnum):
    """Where a command runs: a Job in the service's image, or a process beside the bot."""

    JOB = "job"
    LOCAL = "local"


KeyOf = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/[A-Za-z0-9._-]{1,253}$")]
"""NAME/KEY: a key of a Secret or a ConfigMap in the namespace where Jobs run."""


class Command(Part):
    """A command of the service: an argument list, never a shell string.

    What `secrets` and `config_maps` name is filled in by the cluster, into the Job alone; Opsbot never reads it.
    """

    run: tuple[str, ...] = Field(min_length=1)
    runner: Runner = Runner.JOB
    timeout: Duration = timedelta(minutes=10)
    env: dict[str, str] = Field(default_factory=dict)
    secrets: dict[Variable, KeyOf] = Field(default_factory=dict)
    config_maps: dict[Variable, KeyOf] = Field(default_factory=dict)
    trusted: bool = False  # a person says: this code may run beside the bot for production
    tests: bool = False  # passing it counts as "all tests pass"
    repeatable: bool = False  # cut off half-way it may simply run again

    @model_validator(mode="after")
    def _variables_are_clear(self) -> Self:
        if self.runner is Runner.LOCAL and (self.secrets or self.config_maps):
            raise ValueError("only a Job is given `secrets` and `config-maps`: use `runner: job`")
        given = [*self.env, *self.secrets, *self.config_maps]
        if twice := sorted({name for name in given if given.count(name) > 1}):
            raise ValueError(f"named twice among `env`, `secrets` and `config-maps`: {', '.join(twice)}")
        return self


class Onboarding(Command):
    """The command that tries one gate of tenant onboarding; `${tenant}` and `${gate}` are whole arguments of it.

    It prints its report as one line, `onboarding-report: {"tenant", "gate", "passed", "checks"}`.
    """

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if missing := [name for name in ("${tenant}", "${gate}") if name not in self.run]:
            raise ValueError(f"the onboarding command needs {' and '.join(missing)} as a whole argument")
        return self


class Migrations(Part):
    """Numbered SQL files in the source repository: NNN_name.sql, NNN_rollback.sql as the way back."""

    folder: str
    lock_timeout: Duration = timedelta(seconds=1)
    statement_timeout: Duration = timedelta(minutes=5)


class Source(Part):
    """The git repository that versions, commits and migrations come from."""

    repository: str  # an address, or the variable that holds one with a password in it
    compare: str | None = None  # a link with {base} and {head}

    @property
    def variable(self) -> str:
        """The environment variable that holds the address; "" where it stands here."""
        return self.repository if is_variable(self.repository) else ""


class Runbooks(Part):
    """Which documents the service's slash commands run, by runbook id."""

    deploy: str = "deployment-checklist"
    onboarding: str = "tenant-onboarding"
    rollback: str = "rollback-procedures"


class Service(Part):
    """One service, in as many environments as it has."""

    image: str  # repository without tag
    tag: Tag = Tag.VERSION
    source: Source
    workloads: tuple[Workload, ...] = Field(min_length=1)
    migrations: Migrations | None = None
    commands: dict[str, Command] = Field(default_factory=dict)
    kpis: dict[Name, Kpi] = Field(default_factory=dict)
    onboarding: Onboarding | None = None
    ci: Ci | None = None  # asked for the verdict on a commit, instead of running the command `tests`
    smoke: tuple[SmokeCheck, ...] = ()  # asked after a deploy, instead of running the command `smoke`
    version_path: str | None = None  # answers with the version that runs
    audit_approval: Approval | None = None  # whose yes an audit pack of it needs; none: who may deploy may have one
    runbooks: Runbooks = Runbooks()
    default_environment: str
    environments: dict[Name, Environment] = Field(min_length=1)

    @model_validator(mode="after")
    def _default_exists(self) -> Self:
        if self.default_environment not in self.environments:
            known = ", ".join(self.environments)
            raise ValueError(f"default-environment {self.default_environment!r} is none of: {known}")
        return self

    @model_validator(mode="after")
    def _proven_elsewhere(self) -> Self:
        for name, environment in self.environments.items():
            proven_in = environment.proven_in
            if proven_in is not None and (proven_in == name or proven_in not in self.environments):
                others = ", ".join(other for other in self.environments if other != name)
                raise ValueError(f"proven-in {proven_in!r} of {name} is none of: {others or 'no other environment'}")
        return self

    def image_of(self, *, version: str, commit: str) -> str:
        """The image of a version: its tag is the version, the full commit or its first seven digits."""
        tags = {Tag.VERSION: version, Tag.COMMIT: commit, Tag.SHORT_COMMIT: commit[:7]}
        return f"{self.image}:{tags[self.tag]}"
