"""Services and environments by the names that people type, and the nearest valid name where one is mistyped."""

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from runbooks.catalogue import Catalogue, Environment, Service
from runbooks.vocabulary import Refused

_ALIKE = 0.5  # so close that it is worth naming

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


def nearest(name: str, known: Iterable[str], alike: float = _ALIKE) -> str:
    """The known name that was most likely meant, in whatever case it was typed; "" where none is near."""
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), folded, 1, alike)
    return folded[near[0]] if near else ""


def where(service: str, environment: str) -> dict[str, str]:
    """The place, as facts of a reply."""
    return {"service": service, "environment": environment}
