"""What changed in a release that failed, as far as it is known: where people look first. A leaf; values only.

The commits and migrations stand in its plan and evidence; the rest is looked at when it fails (`Seen`).
"""

from dataclasses import dataclass, field

from runbooks.commits import Commits

SEEN = "suspects"
"""The key of a failed step's evidence under which what was looked at stands."""

NOT_RECORDED = "no last known good is recorded"


@dataclass(frozen=True)
class Config:
    """A ConfigMap, a Secret or a container's environment that is not as it was when it was last good.

    Names only, never a value; of a Secret nothing but that another is referred to, or otherwise.
    """

    kind: str  # "ConfigMap", "Secret" or "environment of container"
    name: str
    how: str = ""  # "" where keys changed; else a clause: "is gone", "is not referred to any more"
    keys: tuple[str, ...] = ()  # those added, changed or gone, sorted
    workload: str = ""  # the Deployment; "" where the service has only one


@dataclass(frozen=True)
class FirstError:
    """What the first of the new pods to crash (else one that runs) wrote when it first went wrong."""

    pod: str
    container: str
    lines: tuple[str, ...] = ()  # without secrets, cut; empty: nothing in its log looks like an error


@dataclass(frozen=True)
class Seen:
    """What was looked at when a step failed; `unknown`: what could not be, each with a clause that says why."""

    config: tuple[Config, ...] = ()
    error: FirstError | None = None  # None: no new pod has a log, or it is not known
    unknown: dict[str, str] = field(default_factory=dict)  # "config", "pods"
    since: str = ""  # the last known good's commit, where other commits were to come


@dataclass(frozen=True)
class Suspects:
    """All of it. `commits` is None where none are known to come: `no_commits` says why, as a clause."""

    commits: Commits | None = None
    no_commits: str = ""
    of_rollback: bool = False  # which brings no commits
    compare: str = ""  # the address of the change; "" where the catalogue names none
    migrations: tuple[str, ...] = ()  # applied by this run, in order
    seen: Seen = Seen()
