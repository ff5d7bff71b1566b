"""What people call the sources of the services."""

from collections.abc import Mapping

from runbooks.catalogue import Catalogue


def source_names(catalogue: Catalogue) -> Mapping[str, str]:
    """Each repository's location -> "the source of solvereign-api", of all services that share it."""
    services: dict[str, list[str]] = {}
    for name, service in catalogue.services.items():
        services.setdefault(service.source.repository, []).append(name)
    return {location: f"the source of {' and '.join(names)}" for location, names in services.items()}
