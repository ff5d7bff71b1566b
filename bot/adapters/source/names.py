"""What people call the sources of the services."""

from collections.abc import Mapping, Sequence

from runbooks.catalogue import Catalogue


def source_names(catalogue: Catalogue) -> Mapping[str, str]:
    """Each repository's location -> "the source of solvereign-api", or of those that share it."""
    services: dict[str, list[str]] = {}
    for name, service in catalogue.services.items():
        services.setdefault(service.source.repository, []).append(name)
    return {location: f"the source of {_of(names)}" for location, names in services.items()}


def _of(names: Sequence[str]) -> str:
    first, *others = names
    match others:
        case []:
            return first
        case [other]:
            return f"{first} and {other}"
        case _:
            return f"{first} and {len(others)} others"
