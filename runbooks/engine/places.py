"""Services and environments by the names that people type, and the nearest valid name where one is mistyped."""

from collections.abc import Mapping
from typing import TypeVar

from runbooks.catalogue import Catalogue, Environment, Service
from runbooks.nearest import nearest
from runbooks.vocabulary import Refused

T = TypeVar("T")


def find_place(catalogue: Catalogue, service: str, environment: str) -> tuple[Service, str, Environment]:
    """The service, the environment's name ("" asks for the default) and the environment. Raises Refused."""
    found = _known("service", service, catalogue.services)
    name = environment or found.default_environment
    return found, name, _known("environment", name, found.environments)


def _known(what: str, name: str, known: Mapping[str, T]) -> T:
    if name in known:
        return known[name]
    raise Refused(f"unknown-{what}", name=name, nearest=nearest(name, known), known=sorted(known))


def where(service: str, environment: str) -> dict[str, str]:
    """The place, as facts of a reply."""
    return {"service": service, "environment": environment}
