"""The places where services run, the clusters they are in, and the people who may act there."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from runbooks.catalogue.kpis import Address, Watch
from runbooks.catalogue.parts import Duration, Name, Part, Shape, SomeTime, Variable, Web
from runbooks.catalogue.proofs import Channel, Person, Stakeholders
from runbooks.catalogue.records import Records

UserGroup = Annotated[
    str, Shape(r"^S[A-Z0-9]+$", "no id of a Slack user group; it is in the group's address, such as S0EXAMPLESRE")
]


RoleName = Annotated[str, StringConstraints(min_length=1, max_length=63)]


class Group(Part):
    """People: a Slack user group by its id, or a fixed list of Slack user ids. Empty denies everybody."""

    slack: UserGroup | None = None
    members: frozenset[Person] = frozenset()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.slack and self.members:
            raise ValueError("a group is a Slack user group (`slack:`) or a list (`members:`), not both")
        return self


class Cluster(Part):
    """Where to find a Kubernetes API: a kubeconfig named by a variable, or the one this process runs in."""

    kubeconfig: Variable | None = None
    context: str | None = None
    in_cluster: bool = False
    jobs_namespace: Name = "opsbot-jobs"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.in_cluster == (self.kubeconfig is not None):
            raise ValueError("name exactly one: `kubeconfig: VARIABLE` or `in-cluster: true`")
        return self


class Health(Part):
    """What must answer 2xx before a release counts as healthy, relative to the environment's `url`."""

    paths: tuple[str, ...] = ("/health/live", "/health/ready")
    passes: int = Field(default=5, ge=1)  # consecutive
    interval: SomeTime = timedelta(seconds=1)
    timeout: SomeTime = timedelta(minutes=2)  # from the first try to the last pass


class Rollout(Part):
    """How long a rollout may take, and how long a bad sign is watched before it counts."""

    deadline: SomeTime = timedelta(minutes=10)
    grace: Duration = timedelta(seconds=20)
    soak: Duration = timedelta(seconds=5)
    poll: SomeTime = timedelta(seconds=2)


class OnFailure(StrEnum):
    """Who starts the rollback after a failed deploy."""

    ROLLBACK = "rollback"
    ASK = "ask"


class Approval(Part):
    """Whose approvals a change of this environment needs, and for how long one is good."""

    group: str
    count: int = Field(default=1, ge=1)
    expires: SomeTime = timedelta(minutes=30)


VersionName = Annotated[
    str, Shape(r"^[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}$", "no version; name a tag, a branch or a commit")
]


class Drill(Part):
    """That the way back may be tried here for real, how often it is due, and which release it goes forward to."""

    every: SomeTime | None = None  # none: it begins only when somebody asks
    version: VersionName | None = None  # none: the newest one that is not what runs


class Channels(Part):
    """Slack channel ids: where cards go, and where findings of each severity go (else with the cards)."""

    deploys: Channel
    s1: Channel | None = None
    s2: Channel | None = None
    s3: Channel | None = None
    s4: Channel | None = None
    announce: Channel | None = None

    def of(self, severity: str) -> str:
        """The channel of a severity: `S1` to `S4`."""
        found: str | None = getattr(self, severity.lower())
        return found or self.deploys


class Environment(Part):
    """One place where the service runs."""

    cluster: str
    namespace: Name
    production: bool = False
    url: Web | None = None  # where its health paths answer
    database: Variable | None = None  # names the variable that holds the URL migrations run against
    rehearsal: Variable | None = None  # names the variable that holds the URL of a server for scratch databases
    service_role: RoleName | None = None  # of PostgreSQL, that the service's own pods connect as
    channels: Channels
    deployers: tuple[str, ...] = ()
    rollers_back: tuple[str, ...] = ()
    approval: Approval
    proven_in: Name | None = None  # the environment where its migrations are tried first
    stakeholders: Stakeholders = Stakeholders()
    on_failure: OnFailure = OnFailure.ROLLBACK
    drill: Drill | None = None  # none: the way back is never tried here on purpose
    last_known_good: Records | None = None  # a file's path, or where else; none: the record stays in the database
    health: Health = Health()
    rollout: Rollout = Rollout()
    prometheus: Address | None = None  # where its KPIs are asked for; a variable keeps a password out of here
    watch: Watch = Watch()
