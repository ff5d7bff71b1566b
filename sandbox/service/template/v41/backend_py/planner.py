"""Plans shifts in the background, five times a second: what this service is for."""

import itertools
import threading

from backend_py.metrics import Metrics
from backend_py.plans import plan

_EVERY_SECONDS = 0.2


class Planner(threading.Thread):
    """Plans until told to stop."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(name="planner", daemon=True)
        self._metrics = metrics
        self._numbers = itertools.count()
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            self.make(1)

    def make(self, plans: int) -> int:
        """Try the next plans; how many of them were made."""
        return sum(self._made(number) for number in itertools.islice(self._numbers, plans))

    def _made(self, number: int) -> bool:
        try:
            plan(number)
        except MemoryError:
            self._metrics.plan(made=False)
            return False
        self._metrics.plan(made=True)
        return True

    def stop(self) -> None:
        """Plan no more."""
        self._stopping.set()
