"""Every environment of every service, as the adapters are asked about it."""

from collections.abc import Iterator

from runbooks.catalogue import Catalogue
from runbooks.steps.base import Site
from runbooks.vocabulary import OPSBOT


def sites(catalogue: Catalogue) -> Iterator[Site]:
    """All of them, in the catalogue's order."""
    for name, service in catalogue.services.items():
        for environment, place in service.environments.items():
            yield Site(
                run="doctor",
                service_name=name,
                service=service,
                environment_name=environment,
                environment=place,
                requester=OPSBOT,
            )


def place_of(site: Site) -> str:
    """`SERVICE ENVIRONMENT`, as findings name it."""
    return f"{site.service_name} {site.environment_name}"
