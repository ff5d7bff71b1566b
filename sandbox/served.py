"""What runs beside this process until it is stopped, for `with`."""

from abc import ABC, abstractmethod
from typing import Self


class Served(ABC):
    """Started by `with`, stopped at its end."""

    @abstractmethod
    def start(self) -> None:
        """Start it; return once it answers."""

    @abstractmethod
    def stop(self) -> None:
        """End it."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
