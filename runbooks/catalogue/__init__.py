"""The types of `opsbot.yaml`: services, environments, clusters, and the groups of people who may act.

A leaf; the process loads the file (`bot/`), and any fault in it is told as file:line before anything starts.
Nothing here is a secret: databases and clusters are named by the environment variable that holds their address.
"""

from runbooks.catalogue.environments import (
    Approval,
    Channels,
    Cluster,
    Drill,
    Environment,
    Group,
    Health,
    OnFailure,
    Rollout,
)
from runbooks.catalogue.kpis import Direction, Kpi, Tolerance, Watch
from runbooks.catalogue.proofs import Ci, SmokeCheck, Stakeholders
from runbooks.catalogue.records import GitPlace, RecordPlace
from runbooks.catalogue.services import (
    Command,
    Migrations,
    Onboarding,
    Runbooks,
    Runner,
    Service,
    Source,
    Tag,
    Workload,
)
from runbooks.catalogue.whole import Catalogue, targets

__all__ = [
    "Approval",
    "Catalogue",
    "Channels",
    "Ci",
    "Cluster",
    "Command",
    "Direction",
    "Drill",
    "Environment",
    "GitPlace",
    "Group",
    "Health",
    "Kpi",
    "Migrations",
    "OnFailure",
    "Onboarding",
    "RecordPlace",
    "Rollout",
    "Runbooks",
    "Runner",
    "Service",
    "SmokeCheck",
    "Source",
    "Stakeholders",
    "Tag",
    "Tolerance",
    "Watch",
    "Workload",
    "targets",
]
