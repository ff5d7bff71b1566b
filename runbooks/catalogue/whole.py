"""The whole of `opsbot.yaml`, and whether the names in it resolve."""

from typing import Self

from pydantic import Field, model_validator

from runbooks.catalogue.environments import Cluster, Environment, Group
from runbooks.catalogue.parts import Name, Part
from runbooks.catalogue.proofs import Email, Person
from runbooks.catalogue.services import Service


class Catalogue(Part):
    """The whole of `opsbot.yaml`."""

    groups: dict[str, Group] = Field(default_factory=dict)
    people: dict[Email, Person] = Field(default_factory=dict)  # authors of commits: their e-mail in git, in any case
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
        faults += [
            f"services.{name}.audit-approval: there is no group {service.audit_approval.group!r}"
            for name, service in self.services.items()
            if service.audit_approval and service.audit_approval.group not in self.groups
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def place(self, service: str, environment: str) -> Environment | None:
        """The environment of a service; None where the catalogue does not have it (any more)."""
        found = self.services.get(service)
        return found.environments.get(environment) if found else None

    def _dangling(self, environment: Environment) -> list[str]:
        used = {*environment.deployers, *environment.rollers_back, environment.approval.group}
        faults = [f"there is no group {name!r}" for name in sorted(used - self.groups.keys())]
        if environment.cluster not in self.clusters:
            faults.append(f"there is no cluster {environment.cluster!r}")
        return faults


EVERYTHING = frozenset({"workloads", "database"})


def targets(service: Service, environment: str, reserved: frozenset[str] = EVERYTHING) -> frozenset[str]:
    """What a run that changes this environment holds: each workload, and its database, as far as it reserves them."""
    place = service.environments[environment]
    found = {
        "workloads": {f"{place.cluster}/{place.namespace}/{workload.deployment}" for workload in service.workloads},
        "database": {f"database/{place.database}"} if place.database else set(),
    }
    return frozenset(target for what, names in found.items() if what in reserved for target in names)
