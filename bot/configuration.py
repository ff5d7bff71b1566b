"""What people wrote for the whole process: the catalogue, and the runbooks that it names."""

from dataclasses import dataclass

from bot.library import Library
from runbooks.catalogue import Catalogue


@dataclass(frozen=True)
class Configuration:
    """What people wrote: the catalogue and the runbooks, checked against each other."""

    catalogue: Catalogue
    library: Library
