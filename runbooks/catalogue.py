"""The types of `opsbot.yaml`: services, environments, clusters, and the groups of people who may act.

A leaf; the process loads the file (`bot/`), and any fault in it is told as file:line before anything starts.
Nothing here is a secret: databases and clusters are named by the environment variable that holds their address.
"""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    """Read "90s", "30m", "2h", "1d" as a timedelta; everything else is left for pydantic to judge."""
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+)([smhd])", value.strip())):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError('a duration is a number with its unit, such as "90s", "30m", "2h" or "1d"')


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
"""The name of an environment variable."""


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        populate_by_name=True,
    )


class Group(_Part):
    """People: a Slack user group by its id, or a fixed list of Slack user ids. Empty denies everybody."""

    slack: str | None = Field(default=None, pattern=r"^S[A-Z0-9]+$")
    members: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.slack and self.members:
            raise ValueError("a group is a Slack user group (`slack:`) or a list (`members:`), not both")
        return self


class Cluster(_Part):
    """Where to find a Kubernetes API: a kubeconfig named by a variable, or the one this process runs in."""

    kubeconfig: Variable | None = None
    context: str | None = None
    in_cluster: bool = False
    jobs_namespace: str = "opsbot-jobs"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.in_cluster == (self.kubeconfig is not None):
            raise ValueError("name exactly one: `kubeconfig: VARIABLE` or `in-cluster: true`")
        return self


class Workload(_Part):
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


class Command(_Part):
    """A command of the service: an argument list, never a shell string."""

    run: tuple[str, ...] = Field(min_length=1)
    runner: Runner = Runner.JOB
    timeout: Duration = timedelta(minutes=10)
    env: dict[str, str] = Field(default_factory=dict)
    trusted: bool = False  # a person says: this code may run beside the bot for production
    tests: bool = False  # passing it counts as "all tests pass"
    repeatable: bool = False  # cut off half-way it may simply run again


class Migrations(_Part):
    """Numbered SQL files in the source repository: NNN_name.sql, NNN_rollback.sql as the way back."""

    folder: str
    lock_timeout: Duration = timedelta(seconds=1)
    statement_timeout: Duration = timedelta(minutes=5)


class Health(_Part):
    """What must answer 2xx before a release counts as healthy, relative to the environment's `url`."""

    paths: tuple[str, ...] = ("/health/live", "/health/ready")
    passes: int = Field(default=5, ge=1)  # consecutive
    interval: Duration = timedelta(seconds=1)
    timeout: Duration = timedelta(minutes=2)  # from the first try to the last pass


class Rollout(_Part):
    """How long a rollout may take, and how long a bad sign is watched before it counts."""

    deadline: Duration = timedelta(minutes=10)
    grace: Duration = timedelta(seconds=20)
    soak: Duration = timedelta(seconds=5)
    poll: Duration = timedelta(seconds=2)


class OnFailure(StrEnum):
    """Who starts the rollback after a failed deploy."""

    ROLLBACK = "rollback"
    ASK = "ask"


class Approval(_Part):
    """Whose approvals a change of this environment needs, and for how long one is good."""

    group: str
    count: int = Field(default=1, ge=1)
    expires: Duration = timedelta(minutes=30)


class Channels(_Part):
    """Slack channel ids: where cards go, and where findings of each severity go (else with the cards)."""

    deploys: str
    s1: str | None = None
    s2: str | None = None
    s3: str | None = None
    s4: str | None = None
    announce: str | None = None

    def of(self, severity: str) -> str:
        """The channel of a severity: `S1` to `S4`."""
        found: str | None = getattr(self, severity.lower())
        return found or self.deploys


class Environment(_Part):
    """One place where the service runs."""

    cluster: str
    namespace: Name
    production: bool = False
    url: str | None = None  # where its health paths answer
    database: Variable | None = None  # names the variable that holds the URL migrations run against
    channels: Channels
    deployers: tuple[str, ...] = ()
    rollers_back: tuple[str, ...] = ()
    approval: Approval
    on_failure: OnFailure = OnFailure.ROLLBACK
    last_known_good: str | None = None  # path of the JSON file; none: the record stays in the database
    health: Health = Health()
    rollout: Rollout = Rollout()


class Source(_Part):
    """The git repository that versions, commits and migrations come from."""

    repository: str
    compare: str | None = None  # a link with {base} and {head}


class Runbooks(_Part):
    """Which documents the service's slash commands run, by runbook id."""

    deploy: str = "deployment-checklist"
    rollback: str = "rollback-procedures"


class Service(_Part):
    """One service, in as many environments as it has."""

    image: str  # repository without tag
    tag: Tag = Tag.VERSION
    source: Source
    workloads: tuple[Workload, ...] = Field(min_length=1)
    migrations: Migrations | None = None
    commands: dict[str, Command] = Field(default_factory=dict)
    runbooks: Runbooks = Runbooks()
    default_environment: str
    environments: dict[Name, Environment] = Field(min_length=1)

    @model_validator(mode="after")
    def _default_exists(self) -> Self:
        if self.default_environment not in self.environments:
            known = ", ".join(self.environments)
            raise ValueError(f"default-environment {self.default_environment!r} is none of: {known}")
        return self

    def image_of(self, *, version: str, commit: str) -> str:
        """The image of a version: its tag is the version, the full commit or its first seven digits."""
        tags = {Tag.VERSION: version, Tag.COMMIT: commit, Tag.SHORT_COMMIT: commit[:7]}
        return f"{self.image}:{tags[self.tag]}"


class Catalogue(_Part):
    """The whole of `opsbot.yaml`."""

    groups: dict[str, Group] = Field(default_factory=dict)
    clusters: dict[str, Cluster] = Field(min_length=1)
    services: dict[Name, Service] = Field(min_length=1)
    library: tuple[str, ...] = ()  # folders of the team's own runbooks, beside the ones that ship

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        faults = [
            f"services.{service_name}.environments.{name}: {fault}"
            for service_name, service in self.services.items()
            for name, environment in service.environments.items()
            for fault in self._dangling(environment)
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _dangling(self, environment: Environment) -> list[str]:
        used = {*environment.deployers, *environment.rollers_back, environment.approval.group}
        faults = [f"there is no group {name!r}" for name in sorted(used - self.groups.keys())]
        if environment.cluster not in self.clusters:
            faults.append(f"there is no cluster {environment.cluster!r}")
        return faults


def targets(service: Service, environment: str) -> frozenset[str]:
    """What a run that changes this environment reserves: each workload, and its database."""
    place = service.environments[environment]
    found = {f"{place.cluster}/{place.namespace}/{workload.deployment}" for workload in service.workloads}
    return frozenset(found | ({f"database/{place.database}"} if place.database else set()))
