"""A service: its image, source, workloads, migrations and commands."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from runbooks.catalogue.environments import Approval, Environment
from runbooks.catalogue.kpis import Kpi
from runbooks.catalogue.parts import Name, Part, Shape, Size, SomeTime, Variable, Web, is_variable
from runbooks.catalogue.proofs import Ci, SmokeCheck

_DOMAIN = r"([A-Za-z0-9.-]+(:[0-9]{1,5})?/)?"
_WORDS = r"[a-z0-9]+([._-]+[a-z0-9]+)*"

Image = Annotated[
    str,
    Shape(
        rf"^{_DOMAIN}{_WORDS}(/{_WORDS})*$",
        "no image's repository; write it without a tag or a digest, such as registry.example/team/api",
    ),
]
"""The repository of an image, as a container registry names it."""


class Workload(Part):
    """A Deployment of the service, and those of its containers that carry the service's image."""

    deployment: Name
    containers: tuple[Name, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if twice := next((name for name in self.containers if self.containers.count(name) > 1), None):
            raise ValueError(f"the container '{twice}' stands here twice; keep one of them")
        return self


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
    timeout: SomeTime = timedelta(minutes=10)
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


_LONGEST_SQL = timedelta(days=24)  # in milliseconds, in the 31 bits that PostgreSQL has for them


def _countable(value: timedelta) -> timedelta:
    if value > _LONGEST_SQL:
        raise ValueError("PostgreSQL counts no further than 24d; give at most that")
    return value


SqlTime = Annotated[SomeTime, AfterValidator(_countable)]
"""How long PostgreSQL waits or works; it would take zero for no limit at all."""


_MATTERS_OF_TASTE = (
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-text-field",
    "prefer-timestamptz",
)


class Lint(Part):
    """What is made of the findings of squawk, the linter of migrations; `exclude` names rules of it.

    By default those are left out that say nothing of what happens when the migration runs.
    """

    exclude: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")], ...] = _MATTERS_OF_TASTE
    findings: Literal["warn", "refuse"] = "warn"  # whether a deploy with findings may be approved


class WayBack(Part):
    """What is made of what a rehearsal could not prove: the approvers are asked, or the deploy is refused."""

    untried: Literal["ask", "refuse"] = "ask"  # a table that was not tried with rows, since none fit into it
    losses: Literal["ask", "refuse"] = "ask"  # rows or values that do not come back


class Migrations(Part):
    """Numbered SQL files in the source repository: NNN_name.sql, NNN_rollback.sql as the way back."""

    folder: str
    lock_timeout: SqlTime = timedelta(seconds=1)
    statement_timeout: SqlTime = timedelta(minutes=5)
    large_table: Size = Field(default="1GB", validate_default=True)  # on disk; the plan marks what is as large
    lint: Lint = Lint()
    way_back: WayBack = WayBack()


Repository = Annotated[str, Shape(r"^[^\s-].*$", "no repository; it is an address, a path or a variable")]


class Source(Part):
    """The git repository that versions, commits and migrations come from."""

    repository: Repository  # an address, or the variable that holds one with a password in it
    compare: Web | None = None  # a link with {base} and {head}

    @property
    def variable(self) -> str:
        """The environment variable that holds the address; "" where it stands here."""
        return self.repository if is_variable(self.repository) else ""


class Runbooks(Part):
    """Which documents the service's slash commands run, by runbook id."""

    deploy: str = "deployment-checklist"
    drill: str = "rollback-drill"
    onboarding: str = "tenant-onboarding"
    rollback: str = "rollback-procedures"


def _the_only_one(known: dict[str, Any]) -> str:
    """The name of the environment, where there is one: `known` is what stands before in the service."""
    names = list(known.get("environments", ()))
    return names[0] if len(names) == 1 else ""


class Service(Part):
    """One service, in as many environments as it has."""

    image: Image  # repository without tag
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
    environments: dict[Name, Environment] = Field(min_length=1)
    default_environment: str = Field(default_factory=_the_only_one)  # may be left out where there is one

    @model_validator(mode="after")
    def _default_exists(self) -> Self:
        if self.default_environment not in self.environments:
            found = f"{self.default_environment!r} is none" if self.default_environment else "is missing; name one"
            raise ValueError(f"default-environment {found} of: {', '.join(self.environments)}")
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
