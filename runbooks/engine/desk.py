"""What a gesture is decided from: the person with their groups, the catalogue, the streams as read."""

from dataclasses import dataclass

from runbooks.catalogue import Catalogue, Environment, Service, targets
from runbooks.engine.draft import Draft
from runbooks.engine.places import find_place
from runbooks.engine.planning import Library
from runbooks.runs import policy
from runbooks.runs.state import PLANNED, Run
from runbooks.vocabulary import Actor, Refused


@dataclass(frozen=True)
class Who:
    """The person, and the groups they are in now."""

    by: Actor
    groups: frozenset[str]


@dataclass(frozen=True)
class Desk:
    """What a gesture is given."""

    catalogue: Catalogue
    draft: Draft
    who: Who
    number: int  # for a run that this gesture starts
    library: Library

    def place(self, service: str, environment: str) -> tuple[Service, str, Environment]:
        """The service, the environment's name and the environment. Raises Refused with the nearest valid names."""
        return find_place(self.catalogue, service, environment)

    def targets(self, service: Service, environment: str, runbook: str) -> frozenset[str]:
        """What a run of this runbook holds there."""
        return targets(service, environment, self.library.runbook(runbook).reserved)

    def planned_rollback(self, service: Service) -> str:
        """The part of its rollback's document for rollbacks without hurry. Raises Refused where there is none."""
        document = service.runbooks.rollback.partition("/")[0]
        try:
            return self.library.runbook(f"{document}/{PLANNED}").id
        except KeyError:
            raise Refused("no-planned-rollback", name=document) from None

    def run(self, run_id: str) -> Run:
        """The run as it stands in this draft."""
        found: Run = self.draft.state(f"run/{run_id}")
        return found

    def admit(self, allowed: frozenset[str], doing: str) -> None:
        """The person is in one of these groups. Raises Refused."""
        policy.of_group(groups=self.who.groups, allowed=allowed, doing=doing)
