"""What model and engine share: three places, what a run does there step by step, and who is in which group."""

import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from runbooks.catalogue import Catalogue
from runbooks.vocabulary import Actor
from tests.engine.world import ALEX, CATALOGUE, DEPLOY, RILEY, SAM

KIM = Actor("T1/UKIM")
GROUPS = {"sre": frozenset({ALEX, SAM, KIM}), "developers": frozenset({RILEY})}
GOOD_FOR = timedelta(minutes=30)  # a wait for approvals, and an approval
DEPLOY_AND_LOOK = DEPLOY + "\n## After\n- [ ] Look at the graphs\n"


@dataclass(frozen=True)
class Spot:
    """A service in an environment, and what the catalogue says of it."""

    service: str
    environment: str
    approvals: int = 1
    goes_back: bool = True  # by itself, when a deploy fails
    begins_with: str = "v1"  # its last known good; "": none

    def __repr__(self) -> str:
        return f"{self.service}/{self.environment}"

    @property
    def release(self) -> str:
        return f"release/{self.service}/{self.environment}"

    @property
    def target(self) -> str:
        return f"main/{self.service}-{self.environment}/{self.service}"


Good = tuple[str, str]  # a version, and the run that brought it
Shown = tuple[Good, str]  # what a rollback goes to, and the rollback that took the place back before


@dataclass
class Place:
    """What stands in a service's environment."""

    spot: Spot
    lock: Actor | None = None
    hold: str = ""  # the rollback since which deploys are held
    back: str = ""  # the rollback that put here what runs
    gone_back: set[str] = field(default_factory=set)  # the rollbacks that are back, or failed, each once
    good: list[Good] = field(default_factory=list)  # newest first
    candidate: Good | None = None
    fence: int = 0  # the highest epoch seen there


SPOTS = (
    Spot("api", "production", approvals=2),
    Spot("api", "staging", goes_back=False),
    Spot("web", "production", begins_with=""),
)


@dataclass(frozen=True)
class Line:
    """One step of a runbook: `does` is tick, approve, change, take-over or keep."""

    id: str
    does: str
    phase: int = 0


SCRIPTS = {
    "deploy": (
        Line("told-everybody", "tick"),
        Line("approved", "approve"),
        Line("knob", "change", 1),
        Line("keep", "keep", 1),
        Line("look-at-the-graphs", "tick", 2),
    ),
    "emergency": (Line("take-over", "take-over"), Line("unknob", "change")),
    "planned": (
        Line("read-how", "tick"),
        Line("told-them", "tick"),
        Line("slowly", "change", 1),
        Line("lessons", "tick", 2),
    ),
}
CHANGES = frozenset(line.id for script in SCRIPTS.values() for line in script if line.does == "change")


def catalogue(approvals: int = 0) -> Catalogue:
    """As `SPOTS` say; `approvals` instead of theirs where it is not 0."""
    made: dict[str, Any] = copy.deepcopy(CATALOGUE)
    model = made["services"].pop("api")
    for spot in SPOTS:
        service = made["services"].setdefault(
            spot.service, copy.deepcopy(model) | {"image": f"registry.example/{spot.service}", "environments": {}}
        )
        service["workloads"] = [{"deployment": spot.service, "containers": ["web"]}]
        service["environments"][spot.environment] = copy.deepcopy(model["environments"]["production"]) | {
            "namespace": f"{spot.service}-{spot.environment}",
            "deployers": ["developers", "sre"],
            "approval": {"group": "sre", "count": approvals or spot.approvals},
            "on-failure": "rollback" if spot.goes_back else "ask",
        }
    return Catalogue.model_validate(made)
